package main

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

const (
	selectUserByID    = "SELECT username FROM auth_user WHERE id = ? AND is_active"
	selectUserByName  = "SELECT id, password FROM auth_user WHERE username = ? AND is_active"
	selectBlacklisted = "SELECT 1 FROM token_blacklist_blacklistedtoken b " +
		"JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id WHERE o.jti = ?"
	selectOutstanding = "SELECT id FROM token_blacklist_outstandingtoken WHERE jti = ?"
	insertOutstanding = "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) " +
		"VALUES (?, ?, ?, ?, ?)"
	insertBlacklisted = "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) VALUES (?, ?)"
)

// store is Django's tables: some connections that read, and one that writes, since SQLite has one writer at a time.
type store struct {
	reads      reads
	userByName *sql.Stmt
	writer     writer
}

// reads are the statements that both kinds of connection need.
type reads struct {
	userByID, blacklisted *sql.Stmt
}

// writer is a single connection. sql.Tx would prepare BEGIN and COMMIT each time. sql.DB gives a connection to any of the waiting
// goroutines, so that some wait a tenth of a second. A mutex is fair.
type writer struct {
	sync.Mutex
	reads
	begin, commit, rollback, outstanding, addOutstanding, addBlacklisted *sql.Stmt
}

func openStore(path string) (*store, error) {
	// Without SQLite's mutex: database/sql lets only one goroutine at a time use a connection.
	db, err := sql.Open("sqlite3", path+
		"?_busy_timeout=20000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=ON&_mutex=no")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(5)
	// By default two are kept, and every other one is closed after use.
	db.SetMaxIdleConns(5)
	connection, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	s := new(store)
	for _, statement := range []struct {
		place   **sql.Stmt
		prepare func(context.Context, string) (*sql.Stmt, error)
		text    string
	}{
		{&s.reads.userByID, db.PrepareContext, selectUserByID},
		{&s.reads.blacklisted, db.PrepareContext, selectBlacklisted},
		{&s.userByName, db.PrepareContext, selectUserByName},
		{&s.writer.userByID, connection.PrepareContext, selectUserByID},
		{&s.writer.blacklisted, connection.PrepareContext, selectBlacklisted},
		{&s.writer.begin, connection.PrepareContext, "BEGIN IMMEDIATE"},
		{&s.writer.commit, connection.PrepareContext, "COMMIT"},
		{&s.writer.rollback, connection.PrepareContext, "ROLLBACK"},
		{&s.writer.outstanding, connection.PrepareContext, selectOutstanding},
		{&s.writer.addOutstanding, connection.PrepareContext, insertOutstanding},
		{&s.writer.addBlacklisted, connection.PrepareContext, insertBlacklisted},
	} {
		if *statement.place, err = statement.prepare(context.Background(), statement.text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// login gives id and password of an active user.
func (s *store) login(name string) (id int64, password string, err error) {
	_, err = found(s.userByName.QueryRow(name).Scan(&id, &password))
	return id, password, err
}

// userName is the name of an active user, or empty.
func (r *reads) userName(c *claims) (name string, err error) {
	id, err := strconv.ParseInt(c.UserID, 10, 64)
	if err != nil {
		return "", nil
	}
	_, err = found(r.userByID.QueryRow(id).Scan(&name))
	return name, err
}

func (r *reads) isBlacklisted(c *claims) (bool, error) {
	var one int
	return found(r.blacklisted.QueryRow(c.JTI).Scan(&one))
}

// isUsable says whether a refresh token may be exchanged.
func (r *reads) isUsable(c *claims) (bool, error) {
	blacklisted, err := r.isBlacklisted(c)
	if blacklisted || err != nil {
		return false, err
	}
	name, err := r.userName(c)
	return name != "", err
}

// found is false when there was no such row.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// add records the refresh token of a login.
func (w *writer) add(text string, c *claims) error {
	w.Lock()
	defer w.Unlock()
	_, err := w.record(text, c)
	return err
}

// rotate blacklists the old token and records its successor, all or nothing; false when it was spent already.
func (w *writer) rotate(text string, old *claims, successor string, new *claims) (bool, error) {
	w.Lock()
	defer w.Unlock()
	// A transaction that reads before it writes would fail if another one wrote in between.
	if _, err := w.begin.Exec(); err != nil {
		return false, err
	}
	done, err := w.exchange(text, old, successor, new)
	if done {
		_, err = w.commit.Exec()
	}
	if !done || err != nil {
		w.rollback.Exec()
		return false, err
	}
	return true, nil
}

func (w *writer) exchange(text string, old *claims, successor string, new *claims) (bool, error) {
	if usable, err := w.isUsable(old); !usable {
		return false, err
	}
	var id int64
	known, err := found(w.outstanding.QueryRow(old.JTI).Scan(&id))
	if !known && err == nil {
		id, err = w.record(text, old)
	}
	if err == nil {
		_, err = w.addBlacklisted.Exec(databaseTime(time.Now()), id)
	}
	if err == nil {
		_, err = w.record(successor, new)
	}
	return err == nil, err
}

func (w *writer) record(text string, c *claims) (int64, error) {
	user, err := strconv.ParseInt(c.UserID, 10, 64)
	if err != nil {
		return 0, err
	}
	created, expires := databaseTime(time.Unix(c.Iat, 0)), databaseTime(time.Unix(c.Exp, 0))
	result, err := w.addOutstanding.Exec(text, created, expires, user, c.JTI)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

func databaseTime(moment time.Time) string {
	return moment.UTC().Format("2006-01-02 15:04:05")
}
