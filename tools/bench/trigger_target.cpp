// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/trigger_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "probes/target/symbol_index.h"
#include "tools/bench/trigger_programs.h"

namespace uprobesim {

Result<TriggerTree> TriggerTree::make(std::string_view target, bool branch_protection,
                                      std::optional<std::uint32_t> first_word) {
    const auto programs = trigger_programs();
    if (programs.empty()) {
        return user_error(
            "this build has no trigger targets", "",
            "install an arm64 cross compiler (gcc-aarch64-linux-gnu) and build again");
    }
    const std::string name = fmt::format("trig_{}{}", target, branch_protection ? "_bp" : "");
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
    std::ofstream file(folder + tree.program_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw HostError("write of " + folder + tree.program_, std::strerror(errno));
    std::filesystem::permissions(folder + tree.program_, std::filesystem::perms(0755));
    return tree;
}

}  // namespace uprobesim
