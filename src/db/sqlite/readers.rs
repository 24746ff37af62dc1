//! SQLite reads: a connection per thread, used where the caller runs.
//!
//! A look-up takes two microseconds, handing it to another thread costs more than that. So each thread that reads gets
//! a connection of its own, and keeps it until the thread or the database ends.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;

use super::super::lookup::Outcome;
use super::super::manager::ConnectionManager;
use super::super::{DatabaseError, DbConnection, Lookup};
use super::lookups::Turn;

/// What a thread has of its own.
#[derive(Default)]
struct Slot {
    /// The connection, while it is not in use.
    conn: Mutex<Option<Box<DbConnection>>>,
    turn: Turn,
}

/// The reading connections of one database.
pub(in crate::db) struct Readers(Arc<Shared>);

struct Shared {
    manager: ConnectionManager,
    /// The one place that owns the connections: they close with the database, on whatever thread that ends.
    slots: Mutex<Vec<Arc<Slot>>>,
}

/// What a thread remembers of a database.
struct ThreadSlot {
    database: Weak<Shared>,
    slot: Weak<Slot>,
}

thread_local! {
    static SLOTS: RefCell<Vec<ThreadSlot>> = const { RefCell::new(Vec::new()) };
}

impl Readers {
    pub(in crate::db) fn new(manager: ConnectionManager) -> Self {
        Self(Arc::new(Shared { manager, slots: Mutex::default() }))
    }

    /// Runs `f` on this thread's connection.
    pub(in crate::db) fn run<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E>,
        E: From<DatabaseError>,
    {
        let slot = self.slot();
        // Taken out while in use: a panic in `f` closes it with its open transaction, and a read inside a read gets
        // another one.
        let idle = lock(&slot.conn).take();
        let mut conn = idle.map_or_else(|| self.connect(), Ok)?;
        let result = f(&mut conn);
        if !self.0.manager.has_broken(&mut conn) {
            *lock(&slot.conn) = Some(conn);
        }
        result
    }

    /// The row of `key`: at once when few ask, and else with those who ask at the same time.
    pub(in crate::db) async fn look_up<L: Lookup>(&self, key: L) -> Outcome<L> {
        let slot = self.slot();
        if slot.turn.is_shared() { slot.turn.ask(key, self).await } else { self.run(|conn| Ok(key.find(conn)?)) }
    }

    fn connect(&self) -> Result<Box<DbConnection>, DatabaseError> {
        let mut conn = self.0.manager.open()?;
        // A write here would bypass the one writer, and with it `BEGIN IMMEDIATE`.
        conn.batch_execute("PRAGMA query_only = ON")?;
        Ok(Box::new(conn))
    }

    /// This thread's slot; a new one at its first read.
    fn slot(&self) -> Arc<Slot> {
        let known = SLOTS.try_with(|slots| {
            let is_ours = |known: &&ThreadSlot| std::ptr::eq(known.database.as_ptr(), Arc::as_ptr(&self.0));
            slots.borrow().iter().find(is_ours).and_then(|known| known.slot.upgrade())
        });
        match known {
            Ok(Some(slot)) => slot,
            Ok(None) => self.new_slot(),
            // The thread is ending: a connection for this once.
            Err(_) => Arc::default(),
        }
    }

    fn new_slot(&self) -> Arc<Slot> {
        let slot = Arc::new(Slot::default());
        lock(&self.0.slots).push(Arc::clone(&slot));
        let entry = ThreadSlot { database: Arc::downgrade(&self.0), slot: Arc::downgrade(&slot) };
        SLOTS.with_borrow_mut(|slots| {
            slots.retain(|known| known.database.strong_count() > 0);
            slots.push(entry);
        });
        slot
    }
}

impl Drop for ThreadSlot {
    fn drop(&mut self) {
        if let Some(database) = self.database.upgrade() {
            let mut slots = lock(&database.slots);
            if let Some(index) = slots.iter().position(|slot| std::ptr::eq(Arc::as_ptr(slot), self.slot.as_ptr())) {
                let slot = slots.swap_remove(index);
                drop(slots);
                drop(slot);
            }
        }
    }
}

/// Nothing can panic while one of these is held, so none is ever poisoned.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
