// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/attach_point.h"

#include <catch2/catch.hpp>

using namespace uprobesim;
using Kind = AttachPoint::Kind;

namespace {

AttachPoint attach_at(const std::string& word) {
    const auto point = parse_attach_point(word);
    if (!point) FAIL(point.error().line());
    return *point;
}

}  // namespace

TEST_CASE("the points of a run are read", "[attach]") {
    CHECK(attach_at("start").kind == Kind::Start);
    CHECK(attach_at("main").kind == Kind::Main);
    CHECK(attach_at("ready").kind == Kind::Ready);
    CHECK(attach_at("ready").program.empty());
    CHECK(attach_at("ready:server").program == "server");
    CHECK(attach_at("1.5ms").kind == Kind::Time);
    CHECK(attach_at("1.5ms").ns == 1'500'000);
    const AttachPoint hit = attach_at("hit:uprobe:/bin/ls:main+4:3");
    CHECK(hit.kind == Kind::Hit);
    REQUIRE(hit.place);
    CHECK(hit.place->binary == "/bin/ls");
    CHECK(hit.place->symbol == "main");
    CHECK(hit.place->offset == 4);
    CHECK(hit.count == 3);
    // A file offset is no number of a hit.
    CHECK(attach_at("hit:uprobe:/bin/ls:0x120:2").place->raw_offset == 0x120);
    CHECK(parse_detach_point("end")->kind == Kind::End);
    const auto after = parse_detach_point("+2s");
    REQUIRE(after);
    CHECK(after->kind == Kind::After);
    CHECK(after->ns == 2'000'000'000);
}

TEST_CASE("what is no point of a run is told in one line, with what was meant", "[attach]") {
    const struct {
        const char* word;
        const char* says;
    } rows[] = {
        {"redy", "did you mean 'ready'?"},
        {"mian", "did you mean 'main'?"},
        {"", "a time such as 1.5s"},
        {"end", "no point of a run"},
        {"+1s", "no point of a run"},
        {"5", "--attach-at"},
        {"5parsec", "--attach-at"},
        {"ready:", "no point of a run"},
        {"hit:uprobe:/bin/ls:main", "the number of the hit is missing"},
        {"hit:uprobe:/bin/ls:main:0", "from 1 on"},
        {"hit:3", "--attach-at"},
        {"hit:uprobe:/bin/ls:m*:3", "one place"},
        {"hit:uprobe:/bin/ls:a,b:3", "one place"},
        {"hit:uretprobe:/bin/ls:main:3", "begin it with hit:uprobe:"},
        {"hit:upro:/bin/ls:main:3", "--attach-at"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.word);
        const auto point = parse_attach_point(row.word);
        REQUIRE_FALSE(point);
        const std::string line = point.error().line();
        CHECK_THAT(line, Catch::Contains(row.says));
        CHECK(line.find('\n') == std::string::npos);
    }
    CHECK_FALSE(parse_detach_point("start"));
}

TEST_CASE("points by simulated time are told from the others", "[attach]") {
    for (const char* word : {"1s", ".5ms", "+3us"}) CHECK(is_timed_point(word));
    for (const char* word : {"main", "ready", "hit:uprobe:/bin/ls:main:1", ""})
        CHECK_FALSE(is_timed_point(word));
}
