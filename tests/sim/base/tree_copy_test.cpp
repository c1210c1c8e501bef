// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/tree_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct stat look(const fs::path& path) {
    struct stat s {};
    REQUIRE(lstat(path.c_str(), &s) == 0);
    return s;
}

std::map<HostFileId, CopiedFile> copy_folder(const fs::path& from, const fs::path& to) {
    const int a = open(from.c_str(), O_PATH | O_DIRECTORY);
    const int b = open(to.c_str(), O_PATH | O_DIRECTORY);
    auto copied = copy_tree(a, b, "a test");
    close(a);
    close(b);
    return copied;
}

}  // namespace

TEST_CASE("a tree is copied with its links, holes, modes and special files", "[base]") {
    const TempFolder from_folder, to_folder;
    const fs::path from = from_folder.path(), to = to_folder.path();
    fs::create_directories(from / "d" / "e");
    from_folder.write("d/file", "some text");
    fs::create_hard_link(from / "d" / "file", from / "other");
    fs::create_symlink("nowhere", from / "link");
    REQUIRE(mkfifo((from / "fifo").c_str(), 0640) == 0);
    REQUIRE(chmod((from / "d" / "file").c_str(), 0604) == 0);
    from_folder.write("sparse", "");
    fs::resize_file(from / "sparse", 1 << 20);
    std::ofstream(from / "sparse", std::ios::app) << "end";

    const auto copied = copy_folder(from, to);
    CHECK(text_of(to / "d" / "file") == "some text");
    CHECK(look(to / "d" / "file").st_ino == look(to / "other").st_ino);
    CHECK((look(to / "other").st_mode & 07777) == 0604);
    CHECK(fs::read_symlink(to / "link") == "nowhere");
    CHECK(S_ISFIFO(look(to / "fifo").st_mode));
    CHECK(text_of(to / "sparse") == text_of(from / "sparse"));
    CHECK(look(to / "sparse").st_blocks <= look(from / "sparse").st_blocks);
    // The folder, d, d/e, the file with two names, link, fifo, sparse.
    REQUIRE(copied.size() == 7);
    const struct stat was = look(from / "d" / "file"), is = look(to / "d" / "file");
    const CopiedFile& file = copied.at({was.st_dev, was.st_ino});
    CHECK(file.id == HostFileId{is.st_dev, is.st_ino});
    CHECK(text_of(to / file.relative) == "some text");
}

TEST_CASE("a copy of a tree that cannot be made says what it was of", "[base]") {
    const TempFolder from_folder, to_folder;
    from_folder.write("file", "new");
    to_folder.write("file", "there already");
    CHECK_THROWS_WITH(copy_folder(from_folder.path(), to_folder.path()),
                      Catch::Contains("a test") && Catch::Contains("File exists"));
    CHECK(text_of(fs::path(to_folder.path()) / "file") == "there already");
}

}  // namespace uprobesim
