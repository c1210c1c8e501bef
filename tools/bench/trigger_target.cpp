// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/trigger_target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "probes/target/symbol_index.h"
#include "sim/base/write_all.h"
#include "tools/bench/trigger_programs.h"

namespace uprobesim {

Result<TriggerTree> TriggerTree::make(std::string_view target, bool branch_protection,
                                      std::optional<std::uint32_t> first_word) {
    return make_named(fmt::format("trig_{}{}", target, branch_protection ? "_bp" : ""), target,
                      first_word);
}

Result<TriggerTree> TriggerTree::make_producers(std::string_view target) {
    return make_named(fmt::format("trig_producers_{}", target), target, std::nullopt);
}

Result<TriggerTree> TriggerTree::make_named(const std::string& name, std::string_view target,
                                            std::optional<std::uint32_t> first_word) {
    const auto programs = trigger_programs();
    if (programs.empty()) {
        return user_error(
            "this build has no trigger targets", "",
            "install an arm64 cross compiler (gcc-aarch64-linux-gnu) and build again");
    }
    const auto program = std::find_if(programs.begin(), programs.end(),
                                      [&](const EmbeddedProgram& p) { return p.name == name; });
    if (program == programs.end()) {
        return user_error(fmt::format("'{}' is no trigger target", target), "",
                          fmt::format("the targets are {}", fmt::join(kTriggerTargets, ", ")));
    }
    TriggerTree tree;
    tree.program_ = "/" + name;
    tree.symbol_ = fmt::format("uprobe_target_{}", target);
    std::vector<std::byte> bytes(program->bytes.begin(), program->bytes.end());
    if (first_word) {
        const auto index = SymbolIndex::build(bytes, name);
        const auto found = index ? index->matching(tree.symbol_) : std::vector<const Function*>();
        check_invariant(found.size() == 1, "a trigger program has one target");
        std::memcpy(bytes.data() + found.front()->offset, &*first_word, sizeof *first_word);
    }
    tree.folder_ = TemporaryFolder::make("the trigger target's tree");
    const std::string& folder = tree.folder_.path();
    const std::string path = folder + tree.program_;
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        error = write_all(fd, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (fchmod(fd, 0755) != 0 && error == 0) error = errno;  // whatever the umask
        close(fd);
    }
    if (error != 0) throw HostError("write of " + path, std::strerror(error));
    return tree;
}

}  // namespace uprobesim
