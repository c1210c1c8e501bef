// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/output_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

OutputFile opened(const std::string& path) {
    auto file = OutputFile::open(path, "report");
    REQUIRE(file.has_value());
    return std::move(*file);
}

void put(const std::string& path, std::string_view text) {
    OutputFile file = opened(path);
    file.write(text);
    file.commit();
}

mode_t mode_of(const std::string& path) {
    struct stat s {};
    REQUIRE(lstat(path.c_str(), &s) == 0);
    return s.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file is made when it is whole, with the mode that open gives", "[base]") {
    const TempFolder folder;
    const std::string path = folder.path() + "/new";
    const mode_t before = umask(027);
    {
        OutputFile file = opened(path);
        file.write("some");
        file.write(std::string(200'000, 'x'));
        CHECK(files_in(folder.path()) == 0);
        file.commit();
    }
    umask(before);
    CHECK(text_of(path).size() == 200'004);
    CHECK(mode_of(path) == 0640);
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("what is not finished leaves the old file whole", "[base]") {
    const TempFolder folder;
    const std::string path = folder.write("report", "of yesterday");
    std::filesystem::permissions(path, std::filesystem::perms(0604));
    {
        OutputFile file = opened(path);
        file.write(std::string(200'000, 'x'));
        CHECK(text_of(path) == "of yesterday");
    }
    CHECK(text_of(path) == "of yesterday");
    CHECK(files_in(folder.path()) == 1);
    put(path, "new");
    CHECK(text_of(path) == "new");
    CHECK(mode_of(path) == 0604);
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a link stays one, and the file that it names is written", "[base]") {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path() + "/sub");
    std::filesystem::create_symlink("sub/b", folder.path() + "/a");
    put(folder.path() + "/a", "first");
    CHECK(text_of(folder.path() + "/sub/b") == "first");
    put(folder.path() + "/a", "second");
    CHECK(text_of(folder.path() + "/sub/b") == "second");
    CHECK(std::filesystem::is_symlink(folder.path() + "/a"));
    std::filesystem::create_symlink("loop", folder.path() + "/loop");
    CHECK_FALSE(OutputFile::open(folder.path() + "/loop", "report").has_value());
}

TEST_CASE("devices, FIFOs and the caller's descriptors are written as it comes", "[base]") {
    const TempFolder folder;
    put("/dev/null", "gone");
    CHECK(std::filesystem::is_character_file("/dev/null"));
    const std::string fifo = folder.path() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    OutputFile file = opened(fifo);
    file.write("now");
    file.flush();
    char got[4] = {};
    CHECK(read(reader, got, 3) == 3);
    CHECK(std::string(got) == "now");
    close(reader);

    // What was written to the descriptor before stays, as the shell's >> has it.
    const std::string path = folder.path() + "/out";
    const int out = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    REQUIRE(write(out, "before ", 7) == 7);
    put("/dev/fd/" + std::to_string(out), "after");
    put("/proc/self/fd/" + std::to_string(out), "wards");
    close(out);
    CHECK(text_of(path) == "before afterwards");
    const int only_read = open(path.c_str(), O_RDONLY);
    CHECK_FALSE(OutputFile::open("/dev/fd/" + std::to_string(only_read), "report").has_value());
    close(only_read);
}

TEST_CASE("a file that cannot be written is told at once", "[base]") {
    const TempFolder folder;
    const auto refusal = [](const std::string& path) {
        const auto file = OutputFile::open(path, "report");
        REQUIRE_FALSE(file.has_value());
        return file.error().line();
    };
    CHECK(refusal("/no/such/folder/x") ==
          "/no/such/folder/x: No such file or directory (the report cannot be written there)");
    CHECK(refusal(folder.path()).find("Is a directory") != std::string::npos);
    CHECK(refusal(folder.path() + "/none/").find("Is a directory") != std::string::npos);
    CHECK(refusal("/proc/report").find("/proc/report") == 0);
}

TEST_CASE("a full disk is an error of the commit", "[base]") {
    OutputFile file = opened("/dev/full");
    file.write("x");
    CHECK_THROWS_WITH(file.commit(), "write of /dev/full failed: No space left on device");
}

TEST_CASE("a host that has no descriptor left does not make it empty the old file", "[base]") {
    const TempFolder folder;
    const std::string path = folder.path() + "/report";
    put(path, "old");
    // The old file and its folder can be opened, a new file cannot.
    const int next = dup(STDIN_FILENO);
    REQUIRE(next >= 0);
    close(next);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit few{static_cast<rlim_t>(next) + 2, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    const auto refused = OutputFile::open(path, "report");
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().line().find("Too many open files") != std::string::npos);
    CHECK(text_of(path) == "old");
}

}  // namespace uprobesim
