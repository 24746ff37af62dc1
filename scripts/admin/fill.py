"""People, groups and a month of counts for the pages that scripts/check-admin.sh opens. Everybody has the superuser's password."""
import random
import sqlite3
import sys
import time

FIRST = "Ada Alan Anna Ben Clara David Emma Felix Grace Hana Ivan Julia Karim Lena Marco Nina Omar Paula Rosa Sam Tara Vera".split()
LAST = "Adler Brandt Costa Duarte Evans Fischer Garcia Haas Ito Jansen Klein Lopez Moreau Novak Olsen Rossi Silva Weber".split()
EVENTS = {
    "login": 1, "refresh": 2.3, "logout": 0.4, "login_refused": 0.12, "token_expired": 0.2, "token_signature": 0.01,
    "token_reused": 0.015, "throttled": 0.03, "login_locked_out": 0.02,
}
HOUR = 3600

random.seed(4)
database = sqlite3.connect(sys.argv[1], timeout=10)
password, = database.execute("SELECT password FROM auth_user").fetchone()
for number in range(140):
    first, last = random.choice(FIRST), random.choice(LAST)
    name = f"{first}.{last}.{number}".lower()
    database.execute(
        "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)"
        " VALUES (?, 0, ?, ?, ?, ?, ?, ?, '2025-03-01 12:00:00')",
        (password, name, first, last, f"{name}@example.org", number % 17 == 0, number % 11 != 0),
    )
for group in ("Billing", "Editors", "Support", "Translators"):
    database.execute("INSERT INTO auth_group (name) VALUES (?)", (group,))
now = int(time.time()) // HOUR * HOUR
# The server writes the counts of the hour that runs.
for past in range(1, 24 * 31):
    start = now - past * HOUR
    busy = 20 + 80 * max(0, 1 - abs(start // HOUR % 24 - 14) / 9)
    for event, share in EVENTS.items():
        total = int(busy * share * random.uniform(0.6, 1.4))
        database.execute("INSERT INTO admin_event_counts VALUES (?, ?, ?)", (start, event, total))
    database.execute("INSERT INTO admin_event_counts VALUES (?, 'active_sessions', ?)", (start, int(40 + busy * 0.4)))
database.commit()
