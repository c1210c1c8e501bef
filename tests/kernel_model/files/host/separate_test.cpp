// SPDX-License-Identifier: GPL-2.0-or-later
// A simulation that goes on with files of its own sees what it saw, and no longer changes what the
// other one has.
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// A temporary scratch directory, in a folder that can be looked at.
struct Separating : FilesFixture {
    Separating() {
        REQUIRE(setenv("TMPDIR", (host + "/outside").c_str(), 1) == 0);
        mount({}, false);
        first = scratch_folders().front();
    }
    ~Separating() {
        kernel.reset();
        process->files = FdTable();
        files.reset();
        unsetenv("TMPDIR");
    }
    Separating(const Separating&) = delete;
    Separating& operator=(const Separating&) = delete;

    std::vector<std::string> scratch_folders() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(host + "/outside")) {
            if (entry.is_directory()) found.push_back(entry.path());
        }
        return found;
    }

    std::string first;
};

}  // namespace

TEST_CASE_METHOD(Separating, "files, names and open descriptors go on in a copy",
                 "[files][overlay]") {
    const std::int64_t kept = open("/tmp/kept", kRdwr | kCreat);
    CHECK(write(kept, "before") == 6);
    const std::int64_t gone = open("/tmp/gone", kRdwr | kCreat);
    CHECK(write(gone, "unnamed") == 7);
    CHECK(unlink("/tmp/gone") == 0);
    CHECK(link("/tmp/kept", "/tmp/other") == 0);
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(save("/tmp/d/x", "x") == 1);
    CHECK(chmod("/tmp/d/x", 0600) == 0);
    const std::int64_t listed = open("/tmp/d");
    CHECK(save("/etc/motd", "changed") == 7);
    CHECK(unlink("/data/a") == 0);
    CHECK(stat("/tmp/d/x") == 0);
    const std::uint64_t inode = stat_inode();
    const auto before = picture(first);

    REQUIRE(files->why_not_separate().empty());
    files->separate();
    CHECK(write(kept, " after") == 6);
    CHECK(cat("/tmp/other") == "before after");
    CHECK(fstat(kept) == 0);
    CHECK(stat_links() == 2);
    CHECK(write(gone, "!") == 1);
    CHECK(fstat(gone) == 0);
    CHECK(stat_size() == 8);
    CHECK(stat("/tmp/d/x") == 0);
    CHECK(stat_inode() == inode);
    CHECK(stat_mode() == 0100600);
    CHECK(save("/tmp/d/y", "y") == 1);
    CHECK(ls("/tmp/d") == "x y");
    CHECK(fstat(listed) == 0);
    CHECK(rename("/tmp/d/x", "/tmp/z") == 0);
    CHECK(cat("/tmp/z") == "x");
    CHECK(cat("/etc/motd") == "changed");
    CHECK(cat("/data/a") == "error -2");
    // The other simulation's.
    CHECK(picture(first) == before);
    CHECK(scratch_folders().size() == 2);
}

TEST_CASE_METHOD(Separating, "its own copy goes at the end, the other one does not",
                 "[files][overlay]") {
    CHECK(save("/tmp/f", "f") == 1);
    files->separate();
    kernel.reset();
    files.reset();
    CHECK(scratch_folders() == std::vector{first});
}

TEST_CASE_METHOD(Separating, "what is kept or is the host's cannot be separated",
                 "[files][overlay]") {
    mount({{host + "/outside", "/mnt", true}}, false);
    CHECK(files->why_not_separate() == "the guest writes to a folder of the host");
    mount({}, true);
    CHECK(files->why_not_separate() == "what the guest writes is kept");
}

TEST_CASE_METHOD(Separating, "what was read before the first program leaves no trace",
                 "[files][overlay]") {
    const std::uint64_t taken = machine->memory.kernel_bytes();
    for (const char* path : {"/etc/motd", "/data/b"}) {
        const auto opened = files->open(Caller{}, path, abi::kORdonly, 0);
        REQUIRE(opened);
        std::array<std::byte, 8> buffer{};
        CHECK(opened->file->read(0, buffer));
    }
    CHECK(machine->memory.kernel_bytes() > taken);
    files->forget_reads();
    CHECK(machine->memory.kernel_bytes() == taken);
}
