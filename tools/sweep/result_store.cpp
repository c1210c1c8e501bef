// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/result_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::string_view kSchema = "uprobesim.sweep/1";
constexpr int kBusyMs = 10'000;  // a reader holds the file that long at most

// Without rowids the order of a dump is that of the keys.
constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS points (
  key TEXT PRIMARY KEY,
  parameters TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
  reason TEXT,
  figures TEXT,
  report_hash TEXT,
  run TEXT,
  log TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
  key TEXT PRIMARY KEY,
  command TEXT NOT NULL,
  report TEXT NOT NULL,
  report_hash TEXT NOT NULL,
  refusal TEXT,
  notes TEXT,
  log TEXT NOT NULL
) WITHOUT ROWID;
)";

constexpr std::array<const char*, static_cast<std::size_t>(StoreQuery::Count)> kSql = {
    "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
    " parameters = excluded.parameters, status = excluded.status, reason = excluded.reason,"
    " figures = excluded.figures, report_hash = excluded.report_hash, run = excluded.run,"
    " log = excluded.log WHERE status = 'failed'",
    "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
    "SELECT command, report, report_hash, refusal, notes, log FROM runs WHERE key = ?",
    "SELECT status FROM points WHERE key = ?",
    "SELECT parameters, status, reason, figures, report_hash, run, log FROM points WHERE key = ?",
    "SELECT count(*) FROM points",
    "SELECT 1 FROM points LIMIT 1",
    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
    "SELECT value FROM meta WHERE name = ?",
};

// An empty text that may be missing is NULL. The texts live until the statement has run.
void bind_text(sqlite3_stmt& statement, int at, std::string_view text, bool may_be_null = false) {
    if (text.empty() && may_be_null) {
        sqlite3_bind_null(&statement, at);
    } else {
        sqlite3_bind_text(&statement, at, text.data(), static_cast<int>(text.size()),
                          SQLITE_STATIC);
    }
}

std::string column(sqlite3_stmt& statement, int at) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(&statement, at));
    return text == nullptr
               ? ""
               : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(&statement, at)));
}

// Where a writer stands for as long as it lives. SQLite's own locks are ranges of the file, which
// this one does not touch; closing it would drop them, so it is closed last.
Result<int> lock_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return user_error(fmt::format("the results cannot be written: {}", std::strerror(errno)),
                          path, "--results names another file");
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    const bool other = errno == EWOULDBLOCK;
    const std::string detail = std::strerror(errno);
    close(fd);
    return other ? user_error("another sweep writes these results", path,
                              "wait for it, or name another file by --results")
                 : user_error(fmt::format("the results cannot be locked: {}", detail), path);
}

}  // namespace

Result<ResultStore> ResultStore::open(const std::string& path) {
    ResultStore store(path);
    store.lock_ = TRY(lock_file(path));
    TRY(store.connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY(store.check_form());
    store.run_sql("PRAGMA synchronous = FULL");
    store.make_tables();
    return store;
}

ResultStore ResultStore::temporary() {
    ResultStore store("");
    if (const auto connected = store.connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        !connected)
        throw HostError("make a temporary database", connected.error().what);
    store.make_tables();
    return store;
}

void ResultStore::make_tables() {
    // Keys come in no order: with less, pages are written out and read again within a transaction.
    run_sql("PRAGMA cache_size = -65536");
    // Rows are about 1,000 bytes. Without effect on a file that has tables.
    run_sql("PRAGMA page_size = 16384");
    begin();
    run_sql(kTables);
    prepare_statements();
    sqlite3_stmt& set = query(StoreQuery::SetMeta);
    bind_text(set, 1, "schema");
    bind_text(set, 2, kSchema);
    step(set);
    commit();
}

Result<std::optional<ResultStore>> ResultStore::open_to_read(const std::string& path) {
    if (access(path.c_str(), F_OK) != 0) return std::optional<ResultStore>();
    ResultStore store(path);
    // Not read-only: what a killed writer left has to be taken back first.
    TRY(store.connect(access(path.c_str(), W_OK) == 0 ? SQLITE_OPEN_READWRITE
                                                      : SQLITE_OPEN_READONLY));
    TRY(store.check_form());
    // Made, and killed before its tables were there.
    if (!store.step(*store.prepare("SELECT 1 FROM sqlite_master WHERE name = 'points'")))
        return std::optional<ResultStore>();
    store.prepare_statements();
    return std::optional<ResultStore>(std::move(store));
}

ResultStore::ResultStore(ResultStore&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      db_(std::exchange(other.db_, nullptr)),
      statements_(std::move(other.statements_)),
      part_(std::move(other.part_)) {}

ResultStore::~ResultStore() {
    statements_.clear();
    sqlite3_close(db_);
    if (lock_ >= 0) close(lock_);
}

Outcome ResultStore::connect(int flags) {
    if (sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr) != SQLITE_OK)
        return user_error(fmt::format("the results cannot be opened: {}", sqlite3_errmsg(db_)),
                          path_, "--results names another file");
    sqlite3_busy_timeout(db_, kBusyMs);
    return {};
}

// Whether it is an SQLite file, and one of ours.
Outcome ResultStore::check_form() {
    sqlite3_stmt* raw = nullptr;
    const int prepared =
        sqlite3_prepare_v2(db_, "SELECT name FROM sqlite_master", -1, &raw, nullptr);
    const Statement names(raw, sqlite3_finalize);
    int result = prepared == SQLITE_OK ? sqlite3_step(raw) : prepared;
    if (result == SQLITE_DONE) return {};  // empty
    if (result != SQLITE_ROW)
        return user_error(fmt::format("the results cannot be read: {}", sqlite3_errmsg(db_)), path_,
                          "--results names another file");
    bool ours = false;
    for (; result == SQLITE_ROW; result = sqlite3_step(raw)) ours |= column(*raw, 0) == "meta";
    std::string schema;
    if (ours) {
        const Statement find = prepare(kSql[static_cast<std::size_t>(StoreQuery::GetMeta)]);
        bind_text(*find, 1, "schema");
        if (step(*find)) schema = column(*find, 0);
    }
    if (schema == kSchema) return {};
    return user_error(ours ? fmt::format("the results are '{}', not '{}'", schema, kSchema)
                           : std::string("the file is a database, but not of a sweep"),
                      path_, "--results names another file");
}

ResultStore::Statement ResultStore::prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr) != SQLITE_OK) fail("prepare");
    return {raw, sqlite3_finalize};
}

sqlite3_stmt& ResultStore::query(StoreQuery query) {
    return *statements_[static_cast<std::size_t>(query)];
}

void ResultStore::prepare_statements() {
    for (const char* sql : kSql) statements_.push_back(prepare(sql));
}

void ResultStore::fail(std::string_view what) {
    throw HostError(fmt::format("{} the results in {}", what, path_), sqlite3_errmsg(db_));
}

void ResultStore::run_sql(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("write");
}

// Whether there is a row. A statement that has none is ready for its next use.
bool ResultStore::step(sqlite3_stmt& statement) {
    const int result = sqlite3_step(&statement);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(sqlite3_stmt_readonly(&statement) != 0 ? "read" : "write");
    sqlite3_reset(&statement);
    return false;
}

void ResultStore::begin() {
    run_sql("BEGIN IMMEDIATE");
}
void ResultStore::begin_reading() {
    run_sql("BEGIN");
}
void ResultStore::commit() {
    if (part_) part_->commit();
    run_sql("COMMIT");
}

void ResultStore::remember_plan(std::string_view text) {
    sqlite3_stmt& set = query(StoreQuery::SetMeta);
    bind_text(set, 1, "plan");
    bind_text(set, 2, text);
    step(set);
}

void ResultStore::add(const PointResult& point) {
    if (part_) part_->add(point);
    add(StoreQuery::AddPoint, point);
}

void ResultStore::add(StoreQuery how, const PointResult& point) {
    sqlite3_stmt& add = query(how);
    bind_text(add, 1, point.key);
    bind_text(add, 2, point.parameters);
    bind_text(add, 3, point.done ? "done" : "failed");
    bind_text(add, 4, point.reason, true);
    bind_text(add, 5, point.figures, true);
    bind_text(add, 6, point.report_hash, true);
    bind_text(add, 7, point.run, true);
    bind_text(add, 8, point.log);
    step(add);
}

void ResultStore::add(const SharedRun& run) {
    if (part_) part_->add(run);
    sqlite3_stmt& add = query(StoreQuery::AddRun);
    bind_text(add, 1, run.key);
    bind_text(add, 2, run.command);
    bind_text(add, 3, run.report);
    bind_text(add, 4, run.report_hash);
    bind_text(add, 5, run.refusal, true);
    bind_text(add, 6, run.notes, true);
    bind_text(add, 7, run.log);
    step(add);
}

Outcome ResultStore::add_parts(const std::vector<std::string>& files) {
    class Rows : public PartRows {
    public:
        explicit Rows(ResultStore& store) : store_(store) {}
        void add(const PointResult& point) override { store_.add(StoreQuery::BetterPoint, point); }
        void add(const SharedRun& run) override { store_.add(run); }

    private:
        ResultStore& store_;
    };
    Rows rows(*this);
    begin();
    for (const std::string& file : files) TRY(read_part(file, rows));
    commit();
    return {};
}

void ResultStore::add_all(ResultStore& other) {
    begin();
    const Statement points = other.prepare("SELECT * FROM points ORDER BY key");
    while (other.step(*points)) {
        add(StoreQuery::BetterPoint,
            {column(*points, 0), column(*points, 1), column(*points, 2) == "done",
             column(*points, 3), column(*points, 4), column(*points, 5), column(*points, 6),
             column(*points, 7)});
    }
    const Statement runs = other.prepare("SELECT * FROM runs ORDER BY key");
    while (other.step(*runs)) {
        add(SharedRun{column(*runs, 0), column(*runs, 1), column(*runs, 2), column(*runs, 3),
                      column(*runs, 4), column(*runs, 5), column(*runs, 6)});
    }
    commit();
}

std::optional<SharedRun> ResultStore::run(const std::string& key) {
    sqlite3_stmt& find = query(StoreQuery::FindRun);
    bind_text(find, 1, key);
    if (!step(find)) return std::nullopt;
    SharedRun run{key,
                  column(find, 0),
                  column(find, 1),
                  column(find, 2),
                  column(find, 3),
                  column(find, 4),
                  column(find, 5)};
    sqlite3_reset(&find);
    return run;
}

std::optional<bool> ResultStore::is_done(const std::string& key) {
    sqlite3_stmt& find = query(StoreQuery::FindStatus);
    bind_text(find, 1, key);
    if (!step(find)) return std::nullopt;
    const bool done = column(find, 0) == "done";
    sqlite3_reset(&find);
    return done;
}

std::optional<PointResult> ResultStore::point(const std::string& key) {
    sqlite3_stmt& find = query(StoreQuery::FindPoint);
    bind_text(find, 1, key);
    if (!step(find)) return std::nullopt;
    PointResult point{key,
                      column(find, 0),
                      column(find, 1) == "done",
                      column(find, 2),
                      column(find, 3),
                      column(find, 4),
                      column(find, 5),
                      column(find, 6)};
    sqlite3_reset(&find);
    return point;
}

std::uint64_t ResultStore::points() {
    sqlite3_stmt& count = query(StoreQuery::CountPoints);
    step(count);
    const auto points = static_cast<std::uint64_t>(sqlite3_column_int64(&count, 0));
    sqlite3_reset(&count);
    return points;
}

bool ResultStore::empty() {
    sqlite3_stmt& first = query(StoreQuery::FirstPoint);
    if (!step(first)) return true;
    sqlite3_reset(&first);
    return false;
}

}  // namespace uprobesim
