// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/published.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace uprobesim;

namespace {

const std::string kTable = R"(name = "mine"
description = "a test"
[[tables]]
id = "a"
title = "t"
source = "s"
machine = "m"
kernel = "k"
settings = ["kernel.slot-copy=if-changed"]
unit = "M/s"
beside-thread = false
fit = true
rows = [
    { name = "uprobe-nop", value = 1.5, plus-minus = 0.01 },
    { name = "uprobe-ret", value = 2 },
]
)";

class PublishedFile {
public:
    explicit PublishedFile(const std::string& text)
        : path_((std::filesystem::temp_directory_path() / "uprobesim-published-test.toml").string()) {
        std::ofstream(path_) << text;
    }
    ~PublishedFile() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string with(std::string_view from, std::string_view to) {
    std::string text = kTable;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
    const PublishedFile file(text);
    const auto tables = load_published(file.path());
    return tables ? "no refusal" : tables.error().line();
}

}  // namespace

TEST_CASE("published rows are read with their counterpart", "[published]") {
    const PublishedFile file(kTable);
    const auto tables = load_published(file.path());
    if (!tables) FAIL(tables.error().line());
    REQUIRE(tables->size() == 1);
    const PublishedTable& table = tables->front();
    CHECK(table.is_benchmark());
    REQUIRE(table.settings.size() == 1);
    CHECK(table.settings[0].key == "kernel.slot-copy");
    CHECK(table.settings[0].value == "if-changed");
    REQUIRE(table.rows.size() == 2);
    CHECK(table.rows[0].plus_minus == 0.01);
    CHECK(table.row("uprobe-ret")->value == 2);
    CHECK_FALSE(table.row("uprobe-ret")->plus_minus.has_value());
    CHECK(table.row("uprobe-push") == nullptr);
}

TEST_CASE("a published table that is wrong is refused with its line", "[published]") {
    using Catch::Contains;
    CHECK_THAT(refusal(with("value = 1.5", "value = \"fast\"")),
               Contains(":14") && Contains("tables[0].rows[0].value"));
    CHECK_THAT(refusal(with("value = 1.5", "value = 0")), Contains("tables[0].rows[0].value"));
    CHECK_THAT(refusal(with("unit = \"M/s\"", "unit = \"furlongs\"")), Contains(":10") && Contains("furlongs"));
    CHECK_THAT(refusal(with("fit = true", "fit = \"yes\"")), Contains(":12") && Contains("fit"));
    CHECK_THAT(refusal(with("fit = true", "fit = false")), Contains("left-out"));
    CHECK_THAT(refusal(with("title = \"t\"", "tittle = \"t\"")), Contains(":5") && Contains("tittle"));
    CHECK_THAT(refusal(with("kernel.slot-copy=if-changed", "kernel.slot-copy")),
               Contains(":9") && Contains("settings"));
    CHECK_THAT(refusal("name = \"mine\"\n"), Contains("[[tables]]"));
    CHECK_THAT(refusal("name = = 1\n"), Contains(":1"));
}
