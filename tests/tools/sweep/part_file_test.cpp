// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/part_file.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/host.h"
#include "tools/sweep/result_store.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

PointResult point(const std::string& key, bool done) {
    PointResult result;
    result.key = key;
    result.parameters = R"({"kernel":"v6.12","machine.kernel-cpi":1.5})";
    result.done = done;
    result.figures = done ? R"({"total_ns":12.5,"hits":3})" : "";
    result.reason = done ? "" : "it failed";
    result.log = "a \"line\"\nand\tanother\n";
    return result;
}

// With the rows of a process that writes part `part`.
void write_rows(const std::string& folder, const std::string& part,
                const std::vector<PointResult>& points) {
    PartWriter writer(folder, part);
    writer.add(SharedRun{"run", "run /x", "{\"a\": 1}\n", "hash", "", "a note", ""});
    for (const PointResult& result : points) writer.add(result);
    writer.commit();
}

}  // namespace

TEST_CASE("a part has what was added", "[tools][sweep]") {
    const TempFolder folder;
    write_rows(folder.path(), "chunk-1-of-2", {point("a", true), point("b", false)});
    auto store = ResultStore::temporary();
    REQUIRE(store.add_parts(part_files(folder.path())));
    const auto done = store.point("a"), failed = store.point("b");
    REQUIRE(done);
    REQUIRE(failed);
    CHECK(done->done);
    CHECK(done->parameters == R"({"kernel":"v6.12","machine.kernel-cpi":1.5})");
    CHECK(done->figures.find("12.5") != std::string::npos);
    CHECK(done->log == "a \"line\"\nand\tanother\n");
    CHECK_FALSE(failed->done);
    CHECK(failed->reason == "it failed");
    const auto run = store.run("run");
    REQUIRE(run);
    CHECK(run->report == "{\"a\": 1}\n");
    CHECK(run->notes == "a note");
}

TEST_CASE("a task that is started again writes the next file, and a result goes before a failure",
          "[tools][sweep]") {
    const TempFolder folder;
    write_rows(folder.path(), "chunk-1-of-2", {point("a", true), point("b", false)});
    write_rows(folder.path(), "chunk-1-of-2", {point("a", false), point("b", true)});
    write_rows(folder.path(), "chunk-1-of-20", {point("c", true)});
    const auto files = part_files(folder.path(), "chunk-1-of-2");
    REQUIRE(files.size() == 2);
    CHECK_THAT(files[1], Catch::EndsWith("/chunk-1-of-2.2.jsonl"));
    CHECK(part_files(folder.path()).size() == 3);
    auto store = ResultStore::temporary();
    REQUIRE(store.add_parts(files));
    CHECK(store.is_done("a") == true);
    CHECK(store.is_done("b") == true);
    CHECK_FALSE(store.is_done("c"));
}

TEST_CASE("half a line at a part's end is no result, and another wrong line is told",
          "[tools][sweep]") {
    const TempFolder folder;
    write_rows(folder.path(), "chunk-1-of-1", {point("a", true)});
    const std::string path = folder.path() + "/chunk-1-of-1.1.jsonl";
    const auto whole = std::filesystem::file_size(path);
    write_rows(folder.path(), "chunk-1-of-2", {point("b", true)});
    std::filesystem::resize_file(path, whole - 1);
    auto store = ResultStore::temporary();
    REQUIRE(store.add_parts({path}));
    CHECK_FALSE(store.is_done("a"));
    CHECK(store.run("run"));
    folder.write("chunk-1-of-3.1.jsonl", "{\"schema\":\"uprobesim.sweep-part/1\"}\nwrong\n");
    const auto wrong = store.add_parts({folder.path() + "/chunk-1-of-3.1.jsonl"});
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().line(), Contains("chunk-1-of-3.1.jsonl:2"));
    auto other = ResultStore::temporary();
    folder.write("chunk-1-of-4.1.jsonl", "{\"schema\":\"something\"}\n");
    CHECK_FALSE(other.add_parts({folder.path() + "/chunk-1-of-4.1.jsonl"}));
}

TEST_CASE("a part without rows is no file", "[tools][sweep]") {
    const TempFolder folder;
    PartWriter(folder.path(), "chunk-1-of-1").commit();
    CHECK(part_files(folder.path()).empty());
}
