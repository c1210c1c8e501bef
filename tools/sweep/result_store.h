// SPDX-License-Identifier: GPL-2.0-or-later
// A sweep's results: one SQLite file. What is finished is committed, so that a process that is
// killed leaves whole rows only. docs/sweep.md documents the tables, which scripts read.
//
// No row holds a time, and tables are ordered by their keys: the same plan gives the same dump,
// whatever order its points were finished in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/part_file.h"
#include "tools/sweep/result_row.h"

struct sqlite3;
struct sqlite3_stmt;

namespace uprobesim {

// The statements that are used again and again.
enum class StoreQuery : std::uint8_t {
    AddPoint,
    BetterPoint,
    AddRun,
    FindRun,
    FindStatus,
    FindPoint,
    CountPoints,
    FirstPoint,
    SetMeta,
    GetMeta,
    Count
};

class ResultStore {
public:
    // For one writer at a time, which is told if there is another. Makes the file if there is none.
    static Result<ResultStore> open(const std::string& path);
    // Nothing: there is no such file.
    static Result<std::optional<ResultStore>> open_to_read(const std::string& path);
    // In a file of the host that nobody else sees, gone with this object.
    static ResultStore temporary();
    // The same with what is in these files; a result goes before a failure.
    Outcome add_parts(const std::vector<std::string>& files);
    // What is added from now on is a line of a part too.
    void also_write(std::unique_ptr<PartWriter> part) { part_ = std::move(part); }
    // All that another one has.
    void add_all(ResultStore& other);
    ~ResultStore();
    ResultStore(ResultStore&& other) noexcept;
    ResultStore& operator=(ResultStore&&) = delete;
    ResultStore(const ResultStore&) = delete;
    ResultStore& operator=(const ResultStore&) = delete;

    // All below throw HostError where the disk or the file does not let them.
    void remember_plan(std::string_view text);
    void begin();
    void begin_reading();  // many reads together: the file is locked once
    void commit();
    void add(const PointResult& point);
    void add(const SharedRun& run);
    std::optional<SharedRun> run(const std::string& key);
    // False: it failed; nothing: the point is not there.
    std::optional<bool> is_done(const std::string& key);
    std::optional<PointResult> point(const std::string& key);
    std::uint64_t points();
    bool empty();  // of points

private:
    using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
    explicit ResultStore(std::string path) : path_(std::move(path)) {}
    Outcome connect(int flags);
    void add(StoreQuery query, const PointResult& point);
    void make_tables();
    Outcome check_form();
    void prepare_statements();
    sqlite3_stmt& query(StoreQuery query);
    Statement prepare(const char* sql);
    void run_sql(const char* sql);
    bool step(sqlite3_stmt& statement);
    [[noreturn]] void fail(std::string_view what);

    std::string path_;
    int lock_ = -1;
    sqlite3* db_ = nullptr;
    std::vector<Statement> statements_;
    std::unique_ptr<PartWriter> part_;
};

}  // namespace uprobesim
