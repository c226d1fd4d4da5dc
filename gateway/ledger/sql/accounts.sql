-- account --
SELECT name, role, organisation, password_hash, must_change, failures, locked_until, disabled_at, created_at, signed_in_at
FROM accounts WHERE name = :name

-- accounts --
SELECT name, role, organisation, password_hash, must_change, failures, locked_until, disabled_at, created_at, signed_in_at
FROM accounts ORDER BY name

-- keep_account --
INSERT INTO accounts (name, role, organisation, password_hash, must_change, created_at)
VALUES (:name, :role, :organisation, :password_hash, 1, :now)

-- set_password --
UPDATE accounts SET password_hash = :password_hash, must_change = :must_change, failures = 0, locked_until = NULL
WHERE name = :name

-- renew_hash --
UPDATE accounts SET password_hash = :password_hash WHERE name = :name

-- disable_account --
UPDATE accounts SET disabled_at = :now WHERE name = :name AND disabled_at IS NULL

-- enable_account --
UPDATE accounts SET disabled_at = NULL, failures = 0, locked_until = NULL WHERE name = :name

-- count_failure --
UPDATE accounts SET failures = failures + 1 WHERE name = :name

-- lock_account --
UPDATE accounts SET failures = 0, locked_until = :until WHERE name = :name

-- note_sign_in --
UPDATE accounts SET failures = 0, locked_until = NULL, signed_in_at = :now WHERE name = :name

-- keep_session --
INSERT INTO sessions (session_hash, name, role, organisation, must_change, form_token, begun_at, seen_at, until)
VALUES (:session_hash, :name, :role, :organisation, :must_change, :form_token, :now, :now, :until)

-- session --
SELECT session_hash, name, role, organisation, must_change, form_token, begun_at, seen_at, until
FROM sessions WHERE session_hash = :session_hash

-- session_seen --
UPDATE sessions SET seen_at = :now WHERE session_hash = :session_hash

-- end_session --
DELETE FROM sessions WHERE session_hash = :session_hash

-- end_openings --
DELETE FROM openings WHERE session_hash = :session_hash

-- end_sessions_of --
DELETE FROM sessions WHERE name = :name

-- forget_sessions --
DELETE FROM sessions WHERE until < :now OR seen_at < :seen_before

-- forget_openings --
DELETE FROM openings WHERE until < :now

-- keep_opening --
INSERT INTO openings (session_hash, subject, until) VALUES (:session_hash, :subject, :until)
ON CONFLICT (session_hash, subject) DO UPDATE SET until = excluded.until

-- opening --
SELECT until FROM openings WHERE session_hash = :session_hash AND subject = :subject

-- keep_audit --
INSERT INTO audit (at, act, name, role, organisation, message, patient_key, purpose, detail)
VALUES (:at, :act, :name, :role, :organisation, :message, :patient_key, :purpose, :detail)

-- audit --
SELECT audit_id, at, act, name, role, organisation, message, purpose, detail
FROM audit a WHERE audit_id < :before {conditions} ORDER BY audit_id DESC LIMIT :most

-- audit_of_name --
a.name = :name

-- audit_of_act --
a.act = :act

-- audit_of_message --
a.message = :message

-- audit_of_organisation --
a.organisation = :organisation

-- audit_of_reading --
a.purpose IS NOT NULL
