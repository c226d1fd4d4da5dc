-- What the messages mean for the patient: stays, clocks, plans and FHIR resources for reading. All of it follows from messages
-- and inputs and can be made anew, except `inputs`, which is the ledger's own. Times and booleans are written as in 0001; a day
-- is written YYYY-MM-DD and means the day in Europe/Oslo. No table but `resource_versions` and `resource_index` holds number,
-- name or clinical text.

-- Alarms have more kinds than deliveries have (the kinds stand in the code).
CREATE TABLE alarms_new (
    alarm_id     INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,   -- what it is about, unique among the open alarms of its kind
    delivery_id  INTEGER,
    receiver_her TEXT NOT NULL,   -- of a clock: whose move it is
    code         TEXT NOT NULL,   -- error catalogue
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER,
    told         INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO alarms_new (alarm_id, kind, subject, delivery_id, receiver_her, code, opened_at, closed_at, told)
SELECT alarm_id, kind, subject, delivery_id, receiver_her, code, opened_at, closed_at, told FROM alarms;
DROP TABLE alarms;
ALTER TABLE alarms_new RENAME TO alarms;
CREATE UNIQUE INDEX alarms_open ON alarms (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX alarms_untold ON alarms (alarm_id) WHERE told < 2;
CREATE INDEX alarms_delivery ON alarms (delivery_id) WHERE delivery_id IS NOT NULL;

-- What was said here and in no message: a person's decision, a coded answer, a resource that was made or changed at the API.
CREATE TABLE inputs (
    input_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    at          INTEGER NOT NULL,
    by_whom     TEXT NOT NULL,   -- the partner, or the operator's name
    kind        TEXT NOT NULL,   -- decision, statement, condition, dimension, resource
    patient_key TEXT,
    detail      TEXT NOT NULL,   -- JSON; machine facts only
    body_id     INTEGER REFERENCES bodies   -- of a resource: its content
) STRICT;
CREATE INDEX inputs_patient ON inputs (patient_key, input_id) WHERE patient_key IS NOT NULL;

-- How far a projection has come: every message up to `position` is in it. `candidate` becomes the position once no transaction
-- is open that began before `candidate_next`.
CREATE TABLE projections (
    name           TEXT PRIMARY KEY,
    position       INTEGER NOT NULL,
    candidate      INTEGER NOT NULL,
    candidate_next INTEGER NOT NULL,
    inputs         INTEGER NOT NULL   -- every input up to this one is in it
) STRICT, WITHOUT ROWID;

-- One row for each message that was looked at; what it says about a pathway, if anything.
CREATE TABLE pathway_events (
    message      INTEGER PRIMARY KEY REFERENCES messages,
    patient_key  TEXT,      -- of a receipt: of the message it answers
    event        TEXT,      -- JSON; NULL: it has no part in a pathway
    delivered_at INTEGER,   -- when the receiver had it
    undelivered  INTEGER NOT NULL DEFAULT 0,   -- 1: look for its delivery
    failed       TEXT       -- error catalogue: why it could not be read
) STRICT;
CREATE INDEX pathway_events_patient ON pathway_events (patient_key, message) WHERE event IS NOT NULL;
CREATE INDEX pathway_events_undelivered ON pathway_events (message) WHERE undelivered = 1;
CREATE INDEX pathway_events_failed ON pathway_events (message) WHERE failed IS NOT NULL;

CREATE TABLE stays (
    stay_id          TEXT PRIMARY KEY,
    patient_key      TEXT NOT NULL,
    trust_her        TEXT NOT NULL,   -- HER-id of level 1
    municipality_her TEXT,            -- the first that was told; all of them stand in stay_municipalities
    state            TEXT NOT NULL,   -- innlagt, klar, ute, død, cancelled
    began_at         INTEGER NOT NULL,   -- the admission, else when its first message was sent
    admitted_at      INTEGER,
    admitted_is_day  INTEGER NOT NULL DEFAULT 0,
    ready_at         INTEGER,
    ready_is_day     INTEGER NOT NULL DEFAULT 0,
    ended_at         INTEGER,         -- discharge or death
    ended_is_day     INTEGER NOT NULL DEFAULT 0,
    ended_day        TEXT,
    discharged_to    TEXT,            -- 8408
    doubts           TEXT NOT NULL,   -- JSON
    looked_on        TEXT NOT NULL    -- the day its basis days were counted up to
) STRICT;
CREATE INDEX stays_patient ON stays (patient_key, began_at);
CREATE INDEX stays_open ON stays (began_at, stay_id) WHERE state IN ('innlagt', 'klar');
CREATE INDEX stays_began ON stays (began_at, stay_id);
CREATE INDEX stays_ended ON stays (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX stays_ready ON stays (looked_on) WHERE state = 'klar';

CREATE TABLE stay_municipalities (
    stay_id          TEXT NOT NULL REFERENCES stays,
    municipality_her TEXT NOT NULL,
    PRIMARY KEY (stay_id, municipality_her)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_municipalities_her ON stay_municipalities (municipality_her, stay_id);

CREATE TABLE stay_messages (
    message  INTEGER PRIMARY KEY REFERENCES messages,
    stay_id  TEXT NOT NULL REFERENCES stays,
    kind     TEXT NOT NULL,      -- 8279, or "reply to a ready-notice"
    sent_at  INTEGER NOT NULL,   -- when the sender made it
    is_first INTEGER NOT NULL,   -- the first of its document (not a correction of another)
    live     INTEGER NOT NULL    -- its document was not cancelled
) STRICT;
CREATE INDEX stay_messages_stay ON stay_messages (stay_id, sent_at);

-- Messages that a person must place.
CREATE TABLE unplaced (
    message     INTEGER PRIMARY KEY REFERENCES messages,
    patient_key TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    candidates  TEXT NOT NULL   -- JSON: the stays it may belong to
) STRICT;
CREATE INDEX unplaced_patient ON unplaced (patient_key);

CREATE TABLE ready_notices (
    message          INTEGER PRIMARY KEY REFERENCES messages,
    stay_id          TEXT NOT NULL REFERENCES stays,
    municipality_her TEXT NOT NULL,
    ready_at         INTEGER,
    ready_is_day     INTEGER NOT NULL DEFAULT 0,
    sent_at          INTEGER NOT NULL,
    withdrawn_at     INTEGER,
    cancelled        INTEGER NOT NULL,
    replied_at       INTEGER,   -- a reply or a coded answer came: the first of either
    reply_message    INTEGER,
    answer           TEXT,      -- the latest coded answer: 6 cannot receive, 7 can receive; NULL: none is coded
    answered_at      INTEGER
) STRICT;
CREATE INDEX ready_notices_stay ON ready_notices (stay_id);
CREATE INDEX ready_notices_sent ON ready_notices (sent_at);
CREATE INDEX ready_notices_unanswered ON ready_notices (sent_at)
WHERE replied_at IS NULL AND withdrawn_at IS NULL AND cancelled = 0;

-- Days in hospital after the patient was declared ready on which no place was offered: a basis, never a bill.
CREATE TABLE basis_days (
    notice           INTEGER NOT NULL REFERENCES ready_notices (message),
    day              TEXT NOT NULL,
    stay_id          TEXT NOT NULL,
    municipality_her TEXT NOT NULL,
    state            TEXT NOT NULL,   -- cannot-receive, no-answer, reply-not-coded
    verdict          TEXT NOT NULL,   -- the conditions together: met, not-met, unknown
    PRIMARY KEY (notice, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX basis_days_day ON basis_days (day);
CREATE INDEX basis_days_stay ON basis_days (stay_id);

CREATE TABLE clocks (
    clock_id         TEXT PRIMARY KEY,
    stay_id          TEXT NOT NULL REFERENCES stays,
    municipality_her TEXT NOT NULL,
    kind             TEXT NOT NULL,   -- notice, admission-report, reply, discharge-report, medication-list, epikrise
    owner_her        TEXT NOT NULL,   -- whose move it is: trust or municipality
    about            INTEGER,         -- the message that started it
    started_at       INTEGER,
    started_is_day   INTEGER NOT NULL DEFAULT 0,
    due_at           INTEGER,
    warn_at          INTEGER,
    state            TEXT NOT NULL,   -- up to due_at: running, met, missed (done too late), cancelled, unknown
    state_after      TEXT NOT NULL,   -- once due_at has passed
    stopped_at       INTEGER,
    stopped_by       INTEGER,
    source           TEXT NOT NULL,   -- the text that sets the limit
    notes            TEXT NOT NULL,   -- JSON
    alarmed          INTEGER NOT NULL DEFAULT 0,   -- 0 no alarm was raised, 1 early warning, 2 missed
    settled_at       INTEGER          -- a person has taken care of it
) STRICT;
CREATE INDEX clocks_stay ON clocks (stay_id);
CREATE INDEX clocks_running ON clocks (warn_at) WHERE state = 'running';
CREATE INDEX clocks_due ON clocks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX clocks_alarmed ON clocks (clock_id) WHERE alarmed > 0;

-- The plan that follows the patient home, and its dated tasks.
CREATE TABLE plans (
    plan_id          TEXT PRIMARY KEY,
    patient_key      TEXT NOT NULL,
    stay_id          TEXT,            -- NULL: not started by a discharge
    reason           TEXT NOT NULL,   -- discharge, new-user, yearly
    definition       TEXT NOT NULL,   -- PlanDefinition|version
    municipality_her TEXT NOT NULL,
    started_day      TEXT NOT NULL,
    state            TEXT NOT NULL,   -- active, completed, revoked
    state_reason     TEXT,            -- readmitted, died, discharge-cancelled, done
    state_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX plans_patient ON plans (patient_key);
CREATE INDEX plans_stay ON plans (stay_id) WHERE stay_id IS NOT NULL;
CREATE INDEX plans_started ON plans (started_day);

CREATE TABLE plan_tasks (
    task_id      TEXT PRIMARY KEY,    -- also the id of the Task
    plan_id      TEXT NOT NULL REFERENCES plans,
    action       TEXT NOT NULL,       -- id of the action in the PlanDefinition
    checklist    TEXT,                -- its checklist number (1 to 4), where it has one
    role         TEXT NOT NULL,       -- who does it
    due_day      TEXT,                -- NULL: it has no date (continuous)
    due_at       INTEGER,             -- the end of that day
    state        TEXT NOT NULL,       -- requested, in-progress, completed, cancelled
    state_reason TEXT,
    done_at      INTEGER,
    done_day     TEXT,
    done_role    TEXT,                -- as stated by who did it
    done_by      TEXT                 -- task, questionnaire, message
) STRICT;
CREATE INDEX plan_tasks_plan ON plan_tasks (plan_id);
CREATE INDEX plan_tasks_due ON plan_tasks (due_at) WHERE state IN ('requested', 'in-progress');

-- Goals, without their words: who said it, and when it was looked at again.
CREATE TABLE goals (
    goal_id       TEXT PRIMARY KEY,   -- also the id of the Goal
    patient_key   TEXT NOT NULL,
    voice         TEXT NOT NULL,      -- patient, vicarious, professional
    lifecycle     TEXT NOT NULL,
    stated_at     INTEGER NOT NULL,
    review_day    TEXT,
    evaluated_at  INTEGER,
    achievement   TEXT,               -- code of goal-achievement
    linked        INTEGER NOT NULL DEFAULT 0,   -- activities or tasks with an owner that serve it
    message       INTEGER,
    erroneous     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX goals_patient ON goals (patient_key);

-- "Hva er viktig for deg?": that it was asked, and whether it was answered.
CREATE TABLE wishes (
    wish_id     TEXT PRIMARY KEY,     -- id of the QuestionnaireResponse
    patient_key TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    asked_day   TEXT NOT NULL,
    answer      TEXT NOT NULL         -- answered, declined, unable, open
) STRICT;
CREATE INDEX wishes_patient ON wishes (patient_key, asked_at);

-- Coded, dated dimensions of a person: priority-group, care-level, municipality, helsefellesskap.
CREATE TABLE dimensions (
    dimension_id INTEGER PRIMARY KEY,
    patient_key  TEXT NOT NULL,
    dimension    TEXT NOT NULL,
    code         TEXT NOT NULL,
    valid_from   TEXT NOT NULL,
    valid_to     TEXT,                -- the last day
    source       TEXT NOT NULL,
    UNIQUE (patient_key, dimension, code, valid_from)
) STRICT;

-- FHIR resources: the present version of each, every version, and what they are found by.
CREATE TABLE resources (
    resource_key  INTEGER PRIMARY KEY AUTOINCREMENT,
    resource_type TEXT NOT NULL,
    id            TEXT NOT NULL,
    version       INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    patient_key   TEXT,
    deleted       INTEGER NOT NULL DEFAULT 0,
    digest        TEXT NOT NULL,      -- of the content, so that the same is not kept twice
    source        TEXT NOT NULL,      -- message, api, pathway, measure, audit
    root          TEXT,               -- of a message's resources: sender and first message of the conversation
    UNIQUE (resource_type, id)
) STRICT;
CREATE INDEX resources_listed ON resources (resource_type, resource_key) WHERE deleted = 0;
CREATE INDEX resources_patient ON resources (patient_key, resource_type) WHERE patient_key IS NOT NULL;
CREATE INDEX resources_root ON resources (root) WHERE root IS NOT NULL;

CREATE TABLE resource_versions (
    resource_key INTEGER NOT NULL REFERENCES resources,
    version      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    message      INTEGER,             -- the message that made this version
    input_id     INTEGER,
    deleted      INTEGER NOT NULL DEFAULT 0,
    content      BLOB NOT NULL,
    PRIMARY KEY (resource_key, version)
) STRICT;
CREATE INDEX resource_versions_message ON resource_versions (message) WHERE message IS NOT NULL;

CREATE TABLE resource_index (
    resource_key INTEGER NOT NULL REFERENCES resources,
    name         TEXT NOT NULL,       -- of the search parameter
    value        TEXT,                -- token: system|code; reference: Type/id; keyed for an identity number
    code         TEXT,                -- token: the code alone
    low          INTEGER,             -- date: the first instant it can mean …
    high         INTEGER              -- … and the last
) STRICT;
CREATE INDEX resource_index_resource ON resource_index (resource_key);
CREATE INDEX resource_index_value ON resource_index (name, value, resource_key) WHERE value IS NOT NULL;
CREATE INDEX resource_index_code ON resource_index (name, code, resource_key) WHERE code IS NOT NULL;
CREATE INDEX resource_index_date ON resource_index (name, low, high, resource_key) WHERE low IS NOT NULL;

-- Who may see a resource: HER-ids of level 1 of those it went between.
CREATE TABLE resource_parties (
    resource_key INTEGER NOT NULL REFERENCES resources,
    her_id       TEXT NOT NULL,
    PRIMARY KEY (resource_key, her_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_parties_her ON resource_parties (her_id, resource_key);
