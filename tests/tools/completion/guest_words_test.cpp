// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/completion/guest_words.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/host.h"

using namespace uprobesim;

namespace {

// /bin is a link to usr/bin, as an absolute one of the guest; nothing of the host may show through.
struct Root {
    TempFolder folder;
    Root() {
        std::filesystem::create_directories(folder.path() + "/usr/bin");
        std::filesystem::create_directories(folder.path() + "/usr/lib/grep");
        std::filesystem::create_symlink("/usr/bin", folder.path() + "/bin");
        for (const char* name : {"usr/bin/grep", "usr/bin/gzip", "usr/bin/ls", "usr/.hidden"})
            folder.write(name, "text");
    }
    const std::string& path() const { return folder.path(); }
};

}  // namespace

TEST_CASE("guest paths are completed inside the root, folders with a slash",
          "[tools][completion]") {
    const Root root;
    CHECK(complete_guest_path(root.path(), "/") == Words{"/bin/", "/usr/"});
    CHECK(complete_guest_path(root.path(), "/bin/g") == Words{"/bin/grep", "/bin/gzip"});
    CHECK(complete_guest_path(root.path(), "/usr/l") == Words{"/usr/lib/"});
    CHECK(complete_guest_path(root.path(), "/usr/.") == Words{"/usr/.hidden"});
    CHECK(complete_guest_path(root.path(), "/../../bin/l") == Words{"/../../bin/ls"});
    CHECK(complete_guest_path(root.path(), "") == Words{"/"});
    CHECK(complete_guest_path(root.path(), "/nothing/x").empty());
    CHECK(complete_guest_path("", "/bin/g").empty());
}

TEST_CASE("a probe is completed part by part", "[tools][completion]") {
    const Root root;
    CHECK(complete_probe(root.path(), "u") == Words{"uprobe:", "uretprobe:", "usdt:"});
    CHECK(complete_probe(root.path(), "usdt:/bin/gr") == Words{"usdt:/bin/grep:"});
    CHECK(complete_probe(root.path(), "ur") == Words{"uretprobe:"});
    CHECK(complete_probe(root.path(), "uprobe:/bin/gr") == Words{"uprobe:/bin/grep:"});
    CHECK(complete_probe(root.path(), "uprobe:/usr/l") == Words{"uprobe:/usr/lib/"});
    // No ELF file, no symbols.
    CHECK(complete_probe(root.path(), "uprobe:/bin/grep:m").empty());
}

TEST_CASE("programs are completed by name as well", "[tools][completion]") {
    const Root root;
    CHECK(complete_program(root.path(), "g") == Words{"grep", "gzip"});
    CHECK(complete_program(root.path(), "/usr/bin/l") == Words{"/usr/bin/ls"});
}
