// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/result_store.h"

#include <catch2/catch.hpp>

#include "tests/support/host.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

ResultStore opened(const std::string& path) {
    auto store = ResultStore::open(path);
    if (!store) FAIL(store.error().line());
    return std::move(*store);
}

PointResult result(const std::string& key, bool done) {
    PointResult point;
    point.key = key;
    point.parameters = "{}";
    point.done = done;
    point.figures = done ? R"({"total_ns":1})" : "";
    point.reason = done ? "" : "it failed";
    point.log = "printed\n";
    return point;
}

}  // namespace

TEST_CASE("results are there in the next process, and only what was committed", "[tools][sweep]") {
    const TempFolder folder;
    const std::string path = folder.path() + "/r.sqlite";
    {
        ResultStore store = opened(path);
        store.add(result("a", true));
        store.add(result("b", false));
        store.begin();
        store.add(result("c", true));  // not committed
    }
    auto store = ResultStore::open_to_read(path);
    REQUIRE(store);
    REQUIRE(store->has_value());
    CHECK((*store)->points() == 2);
    CHECK((*store)->is_done("a") == true);
    CHECK((*store)->is_done("b") == false);
    CHECK_FALSE((*store)->is_done("c"));
    const auto failed = (*store)->point("b");
    REQUIRE(failed);
    CHECK(failed->reason == "it failed");
    CHECK(failed->log == "printed\n");
    CHECK(failed->figures.empty());
}

TEST_CASE("a second writer is told, and a reader is let in", "[tools][sweep]") {
    const TempFolder folder;
    const std::string path = folder.path() + "/r.sqlite";
    const ResultStore store = opened(path);
    const auto second = ResultStore::open(path);
    REQUIRE_FALSE(second.has_value());
    CHECK_THAT(second.error().line(), Contains("another sweep writes"));
    CHECK(ResultStore::open_to_read(path).has_value());
}

TEST_CASE("a file that is no results file is one line and stays what it was", "[tools][sweep]") {
    const TempFolder folder;
    folder.write("text", std::string(5000, 'x'));
    const auto store = ResultStore::open(folder.path() + "/text");
    REQUIRE_FALSE(store.has_value());
    CHECK_THAT(store.error().line(), Contains("not a database"));
    CHECK(store.error().line().find('\n') == std::string::npos);
    CHECK_THAT(ResultStore::open(folder.path() + "/none/r.sqlite").error().line(),
               Contains("cannot be written"));
    const auto missing = ResultStore::open_to_read(folder.path() + "/none");
    REQUIRE(missing);
    CHECK_FALSE(missing->has_value());
}

TEST_CASE("a run that points are priced from is kept with its report", "[tools][sweep]") {
    const TempFolder folder;
    ResultStore store = opened(folder.path() + "/r.sqlite");
    store.add(SharedRun{"k", "run /bin/true", "{\"a\": 1}", "hash", "", "a note", "log"});
    const auto run = store.run("k");
    REQUIRE(run);
    CHECK(run->report == "{\"a\": 1}");
    CHECK(run->refusal.empty());
    CHECK(run->notes == "a note");
    CHECK(run->log == "log");
    CHECK_FALSE(store.run("other"));
}
