// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/temp_folder.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

// TMPDIR for as long as it lives.
class Base {
public:
    Base() { setenv("TMPDIR", folder_.path().c_str(), 1); }
    ~Base() {
        if (before_.empty()) {
            unsetenv("TMPDIR");
        } else {
            setenv("TMPDIR", before_.c_str(), 1);
        }
    }
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    std::string path() const { return folder_.path(); }
    std::size_t count() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(path()), {}));
    }
    // A folder whose run was killed.
    std::string left_behind() const {
        std::string name = path() + "/uprobesim-run-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        return name;
    }

private:
    TempFolder folder_;
    std::string before_ = std::getenv("TMPDIR") == nullptr ? "" : std::getenv("TMPDIR");
};

}  // namespace

TEST_CASE("a temporary folder goes with all that is in it, and no link is followed", "[base]") {
    const TempFolder other;
    other.write("kept", "x");
    const Base base;
    {
        const TemporaryFolder folder = TemporaryFolder::make("a test");
        CHECK(base.count() == 1);
        fs::create_directory_symlink(other.path(), folder.path() + "/link");
        fs::create_directories(folder.path() + "/a/.moved-0/c");
        std::ofstream(folder.path() + "/.moved-0") << "x";
        fs::permissions(folder.path() + "/a/.moved-0", fs::perms::none);
    }
    CHECK(base.count() == 0);
    CHECK(fs::exists(other.path() + "/kept"));
}

TEST_CASE("a tree deeper than a path can name goes as well", "[base]") {
    const Base base;
    {
        const TemporaryFolder folder = TemporaryFolder::make("a test");
        const fs::path before = fs::current_path();
        fs::current_path(folder.path());
        for (int level = 0; level < 3000; ++level) {
            REQUIRE(mkdir("deep", 0700) == 0);
            REQUIRE(chdir("deep") == 0);
        }
        fs::current_path(before);
    }
    CHECK(base.count() == 0);
}

TEST_CASE("what a killed run left is removed by the next", "[base]") {
    const Base base;
    std::ofstream(base.left_behind() + "/file") << "x";
    const pid_t child = fork();
    if (child == 0) {
        TemporaryFolder folder = TemporaryFolder::make("a test");
        std::ofstream(folder.path() + "/file") << "x";
        raise(SIGKILL);
    }
    waitpid(child, nullptr, 0);
    CHECK(base.count() == 1);
    const TemporaryFolder next = TemporaryFolder::make("a test");
    CHECK(base.count() == 1);
    CHECK(fs::exists(next.path()));
}

TEST_CASE("what a live run uses, or is not ours, is not removed", "[base]") {
    const TempFolder other;
    other.write("kept", "x");
    const Base base;
    const TemporaryFolder live = TemporaryFolder::make("a test");
    fs::create_directory_symlink(other.path(), base.path() + "/uprobesim-run-abcdef");
    fs::create_directory(base.path() + "/uprobesim-run-longer-name");
    fs::create_directory(base.path() + "/somebody");
    const std::string foreign = base.left_behind();
    const bool given_away = chown(foreign.c_str(), 12345, 12345) == 0;  // root alone can
    const TemporaryFolder next = TemporaryFolder::make("a test");
    CHECK(fs::exists(live.path()));
    CHECK(fs::exists(other.path() + "/kept"));
    CHECK(fs::exists(base.path() + "/uprobesim-run-longer-name"));
    CHECK(fs::exists(base.path() + "/somebody"));
    CHECK(fs::exists(foreign) == given_away);
}

TEST_CASE("runs that start at the same time keep their own folders", "[base]") {
    const Base base;
    constexpr int kRuns = 8, kRounds = 50;
    std::set<pid_t> children;
    for (int run = 0; run < kRuns; ++run) {
        const pid_t child = fork();
        if (child == 0) {
            for (int round = 0; round < kRounds; ++round) {
                const TemporaryFolder folder = TemporaryFolder::make("a test");
                std::ofstream(folder.path() + "/file") << "x";
                if (!fs::exists(folder.path() + "/file")) _exit(1);
                usleep(200);
                if (!fs::exists(folder.path() + "/file")) _exit(2);
            }
            _exit(0);
        }
        children.insert(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        CHECK(status == 0);
    }
    CHECK(base.count() == 0);
}

}  // namespace uprobesim
