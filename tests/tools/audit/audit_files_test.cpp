// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/audit/audit_files.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/profile/kernel_profile.h"
#include "tests/tools/simulation/tiny_guest.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

struct Audited {
    Outcome outcome;
    AuditReport report;
};

Audited audit(const std::string& root, const std::vector<std::string>& paths) {
    auto kernel = load_kernel_profile("v6.12", {});
    if (!kernel) FAIL(kernel.error().line());
    Auditor auditor({*kernel});
    Audited audited;
    AuditSkips skips;
    for (const std::string& path : paths) {
        audited.outcome = audit_path(auditor, root, path, skips);
        if (!audited.outcome) break;
    }
    audited.report = auditor.report();
    audited.report.skipped = std::move(skips);
    return audited;
}

struct Tree : TinyGuest {
    Tree() {
        fs::create_directories(root() + "/usr/bin/deep");
        add_program("usr/bin/b", {0xd65f03c0});
        add_program("usr/bin/deep/a", {0xd65f03c0});
        add_file("usr/bin/text",
                 "not a program, yet longer than an ELF header is, so that it is read as one\n");
        add_file("usr/bin/short", "x");
        fs::create_symlink("/usr/bin/b", root() + "/usr/bin/link");
        fs::create_directory_symlink("..", root() + "/usr/bin/loop");
    }
};

}  // namespace

TEST_CASE("a folder is searched in the order of names, links are left alone, other files counted",
          "[tools][audit]") {
    const Tree tree;
    const Audited audited = audit("", {tree.root() + "/usr"});
    REQUIRE(audited.outcome);
    REQUIRE(audited.report.binaries.size() == 2);
    CHECK(audited.report.binaries[0].path == tree.root() + "/usr/bin/b");
    CHECK(audited.report.binaries[1].path == tree.root() + "/usr/bin/deep/a");
    CHECK(audited.report.skipped.not_elf == 2);
    CHECK(audited.report.skipped.other_machine == 0);
}

TEST_CASE(
    "a damaged arm64 file and one for another machine are left out of a folder by name and number",
    "[tools][audit]") {
    Tree tree;
    std::string damaged(
        "\x7f"
        "ELF\x02\x01\x01",
        7),
        other = damaged;
    damaged.resize(64);
    other.resize(64);
    damaged[16] = 2;                       // ET_EXEC, and no program headers
    damaged[18] = static_cast<char>(183);  // EM_AARCH64
    other[18] = 62;                        // EM_X86_64
    tree.add_file("usr/bin/damaged", damaged);
    tree.add_file("usr/bin/other", other);
    const Audited audited = audit("", {tree.root() + "/usr/bin/"});
    REQUIRE(audited.outcome);
    CHECK(audited.report.binaries.size() == 2);
    CHECK(audited.report.skipped.other_machine == 1);
    REQUIRE(audited.report.skipped.unreadable.size() == 1);
    CHECK(audited.report.skipped.unreadable[0].path == tree.root() + "/usr/bin/damaged");
}

TEST_CASE("with a root, paths and links are those inside it", "[tools][audit]") {
    const Tree tree;
    const Audited file = audit(tree.root(), {"/usr/bin/link", "usr/bin/b", "/../usr/bin/b"});
    REQUIRE(file.outcome);
    CHECK(file.report.binaries.size() == 3);
    CHECK(file.report.binaries[0].path == "/usr/bin/link");
    const Audited all = audit(tree.root(), {"/"});
    REQUIRE(all.outcome);
    REQUIRE(all.report.binaries.size() == 2);
    CHECK(all.report.binaries[0].path == "/usr/bin/b");
}

TEST_CASE("what is no arm64 program is one line", "[tools][audit]") {
    const Tree tree;
    for (const char* path : {"/usr/bin/text", "/usr/bin/short", "/nosuch", "/usr/bin/text/x"}) {
        const Audited audited = audit("", {tree.root() + path});
        REQUIRE_FALSE(audited.outcome);
        INFO(audited.outcome.error().line());
        CHECK(audited.outcome.error().where == tree.root() + path);
    }
    fs::create_directory(tree.root() + "/empty");
    CHECK_FALSE(audit("", {tree.root() + "/empty"}).outcome);
    CHECK_FALSE(audit("", {"/dev/null"}).outcome);
    CHECK_FALSE(audit(tree.root() + "/nosuch", {"/usr/bin/b"}).outcome);
    CHECK_FALSE(audit(tree.root(), {"/usr/bin/nosuch"}).outcome);
}

}  // namespace uprobesim
