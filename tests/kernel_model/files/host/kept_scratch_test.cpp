// SPDX-License-Identifier: GPL-2.0-or-later
// A scratch directory that is kept is the next run's tree: files, removals, modes, owners, times
// and numbers, whenever the run before ended.
#include <fmt/format.h>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct KeptFixture : FilesFixture {
    std::string log = host + "/scratch/.uprobesim/state";

    // The same directory in the next run.
    void again() { mount(); }
    std::string shown(const std::string& path) {
        if (stat(path, 0x100) != 0) return "none";
        return fmt::format("{:o} {} {} {}", stat_mode(), stat_uid(), stat_inode(),
                           at<std::int64_t>(data + 88));
    }
    std::string refusal() {
        auto second =
            FileSystem::create(*machine, std::make_unique<SpecialFiles>(*machine),
                               {.root = host + "/root", .binds = {}, .scratch = host + "/scratch"});
        return second ? "" : second.error().line();
    }
};

}  // namespace

TEST_CASE_METHOD(KeptFixture, "removals and renames hold in the next run", "[files][scratch]") {
    CHECK(unlink("/data/a") == 0);
    CHECK(unlink("/data/sub/c") == 0);
    CHECK(rmdir("/data/sub") == 0);
    CHECK(mkdir("/data/sub") == 0);
    CHECK(save("/data/sub/other", "new") == 3);
    CHECK(rename("/data/b", "/tmp/moved") == 0);
    CHECK(rename("/etc/motd", "/data/a") == 0);
    CHECK(unlink("/data/a") == 0);
    again();
    CHECK(ls("/data") == "link sub");
    CHECK(ls("/data/sub") == "other");
    CHECK(cat("/tmp/moved") == "beta");
    CHECK(cat("/etc/motd") == "error -2");
    CHECK(save("/data/a", "back") == 4);
    again();
    CHECK(cat("/data/a") == "back");
    CHECK(unlink("/data/a") == 0);
    again();
    CHECK(cat("/data/a") == "error -2");
}

TEST_CASE_METHOD(KeptFixture, "modes, owners, times and numbers hold in the next run",
                 "[files][scratch]") {
    save("/tmp/with space\n", "x");
    CHECK(chmod("/tmp/with space\n", 04751) == 0);
    CHECK(call("fchownat", {kCwd, text("/tmp/with space\n"), 12, 34, 0x100}) == 0);
    CHECK(chmod("/data/a", 0600) == 0);
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(chmod("/tmp/d", 01777) == 0);
    CHECK(save("/tmp/d/below", "y") == 1);
    CHECK(link("/tmp/d/below", "/tmp/second") == 0);
    CHECK(rename("/tmp/d", "/tmp/e") == 0);
    CHECK(symlink("target", "/tmp/link") == 0);
    CHECK(call("mknodat", {kCwd, text("/tmp/fifo"), 0010000 | 0622, 0}) == 0);
    CHECK(chmod("/", 0711) == 0);
    const std::vector<std::string> names = {
        "/tmp/with space\n", "/data/a",   "/tmp/e", "/tmp/e/below", "/tmp/second",
        "/tmp/link",         "/tmp/fifo", "/",      "/tmp",         "/data"};
    std::vector<std::string> before;
    before.reserve(names.size());
    for (const auto& name : names) before.push_back(shown(name));
    CHECK(before[3] == before[4]);
    again();
    for (std::size_t i = 0; i < names.size(); ++i) CHECK(shown(names[i]) == before[i]);
    save("/tmp/fresh", "");
    for (const auto& old : before) CHECK(shown("/tmp/fresh") != old);
}

TEST_CASE_METHOD(KeptFixture, "the guest does not see the simulator's own names",
                 "[files][scratch]") {
    CHECK(ls("/").find(".uprobesim") == std::string::npos);
    CHECK(stat("/.uprobesim") == kEnoent);
    CHECK(save("/.uprobesim/state", "x") == kEnoent);
    CHECK(mkdir("/.uprobesim") == kEperm);
    CHECK(rename("/data/a", "/.uprobesim") == kEperm);
}

TEST_CASE_METHOD(KeptFixture, "a log that was cut anywhere gives the state at some line",
                 "[files][scratch]") {
    save("/tmp/one", "1");
    chmod("/tmp/one", 0600);
    unlink("/data/a");
    rename("/tmp/one", "/tmp/two");
    process->files = FdTable();
    kernel.reset();
    files.reset();
    const std::string whole = get_file(log);
    for (std::size_t cut = 0; cut <= whole.size(); cut += 7) {
        put_file(log, whole.substr(0, cut));
        again();
        INFO(cut);
        CHECK(cat("/tmp/two") == "1");
        CHECK(cat("/data/b") == "beta");
    }
}

TEST_CASE_METHOD(KeptFixture, "a change that was told of but not made is none",
                 "[files][scratch]") {
    save("/tmp/one", "1");
    chmod("/tmp/one", 0640);
    process->files = FdTable();
    kernel.reset();
    files.reset();
    const auto line = [](std::string text) {
        std::uint32_t h = 0x811c9dc5u;
        for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x01000193u;
        return fmt::format("{} #{:08x}\n", text, h);
    };
    const std::string whole = get_file(log);
    for (const char* change : {"drop /tmp/one", "move /tmp/one /tmp/two", "name 77 /tmp/none"}) {
        put_file(log, whole + line(change));
        again();
        INFO(change);
        CHECK(stat("/tmp/one") == 0);
        CHECK(stat_mode() == 0100640);
        CHECK(stat("/tmp/two") == kEnoent);
        CHECK(stat("/tmp/none") == kEnoent);
    }
}

TEST_CASE_METHOD(KeptFixture, "one run at a time has a scratch directory", "[files][scratch]") {
    CHECK(refusal().find("in use by another run") != std::string::npos);
    files->finish();
}

TEST_CASE_METHOD(KeptFixture, "a long run's log does not grow for ever", "[files][scratch]") {
    save("/tmp/f", "");
    for (int i = 0; i < 40000; ++i)
        REQUIRE(chmod("/tmp/f", 0600 + static_cast<unsigned>(i % 64)) == 0);
    CHECK(fs::file_size(log) < (3u << 20));
    again();
    CHECK(stat("/tmp/f") == 0);
    CHECK(stat_mode() == 0100600 + 39999 % 64);
}

TEST_CASE("directories that are written and directories that are not are apart", "[files]") {
    const TempFolder folder;
    const std::string& host = folder.path();
    for (const char* d : {"root/in", "scratch/in", "bind/in"})
        fs::create_directories(host + "/" + d);
    fs::create_directories(host + "/scratch/holds/root");
    fs::create_directory_symlink(host + "/root/in", host + "/link");
    fs::create_directory_symlink(host + "/scratch/in", host + "/to-scratch");
    const auto machine = make_machine();
    const auto refused = [&](const std::string& root, const std::string& scratch,
                             const std::string& bind = "", bool writable = false) {
        FileSystemOptions options{.root = host + root, .binds = {}, .scratch = host + scratch};
        if (scratch.empty()) options.scratch.clear();
        if (!bind.empty()) options.binds.push_back({host + bind, "/b", writable});
        auto made = FileSystem::create(*machine, std::make_unique<SpecialFiles>(*machine), options);
        return made ? std::string() : made.error().line();
    };
    CHECK_FALSE(refused("/root", "/root/in").empty());
    CHECK_FALSE(refused("/root", "/root").empty());
    CHECK_FALSE(refused("/root", "/link").empty());
    CHECK_FALSE(refused("/scratch/holds/root", "/scratch").empty());
    CHECK_FALSE(refused("/to-scratch", "/scratch").empty());
    CHECK_FALSE(refused("/root", "/scratch", "/scratch/in").empty());
    CHECK_FALSE(refused("/root", "/scratch/in", "/scratch").empty());
    CHECK_FALSE(refused("/root", "/scratch", "/to-scratch").empty());
    CHECK_FALSE(refused("/root", "", "/root/in", true).empty());
    CHECK_FALSE(refused("/root/in", "", "/root", true).empty());
    CHECK_FALSE(refused("/root", "", "/link", true).empty());
    CHECK(refused("/root", "", "/root/in", false).empty());
    CHECK(refused("/root", "/scratch", "/bind", true).empty());
    for (const auto& line : {refused("/root", "/link"), refused("/root", "", "/link", true)})
        CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE_METHOD(KeptFixture, "a state that cannot be read is refused, and not written anew",
                 "[files][scratch]") {
    CHECK(unlink("/data/a") == 0);
    kernel.reset();
    files.reset();
    const std::string kept = host + "/kept-state";
    fs::rename(log, kept);
    fs::create_symlink(kept, log);  // no link is followed there
    CHECK(refusal().find("cannot be read") != std::string::npos);
    CHECK(fs::is_symlink(log));
    fs::remove(log);
    fs::rename(kept, log);
    again();
    CHECK(ls("/data") == "b link sub");
}
