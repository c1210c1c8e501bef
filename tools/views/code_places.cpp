// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/code_places.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "probes/target/demangle.h"

namespace uprobesim {
namespace {

// The guest may have made the file, and as large as it likes: the functions of a larger one have
// no names.
constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

std::vector<std::byte> bytes_of(FileSystem& files, const std::string& path) {
    const auto opened = files.open(Caller{}, path, abi::kORdonly, 0);
    if (!opened) return {};
    const auto size = opened->file->size();
    if (!size || *size > kMaxBytes) return {};
    std::vector<std::byte> bytes(*size);
    bytes.resize(opened->file->read(0, bytes).value_or(0));
    return bytes;
}

}  // namespace

const std::vector<Function>& CodePlaces::functions_of(const std::string& path) {
    const auto [found, added] = functions_.try_emplace(path);
    if (added && files_ != nullptr) {
        if (const auto index = SymbolIndex::build(bytes_of(*files_, path), path))
            found->second = index->functions();
    }
    return found->second;
}

std::span<const Function> CodePlaces::before(const std::string& path, std::uint64_t offset) {
    const std::vector<Function>& functions = functions_of(path);
    const auto after =
        std::upper_bound(functions.begin(), functions.end(), offset,
                         [](std::uint64_t o, const Function& f) { return o < f.offset; });
    if (after == functions.begin()) return {};
    const auto first =
        std::lower_bound(functions.begin(), after, std::prev(after)->offset,
                         [](const Function& f, std::uint64_t o) { return f.offset < o; });
    return {first, after};
}

std::string CodePlaces::text(const Process& process, VAddr at) {
    const Vma* vma = process.mm == nullptr ? nullptr : process.mm->find(at);
    if (vma == nullptr) return fmt::format("0x{:x}", at.value);
    const std::string name = process.mm->name_of(*vma);
    if (vma->file == nullptr)
        return name.empty() ? fmt::format("0x{:x}", at.value)
                            : fmt::format("{}+0x{:x}", name, at - vma->range.begin);
    const std::uint64_t offset = vma->offset_of(at);
    const std::span<const Function> names = before(name, offset);
    if (names.empty()) return fmt::format("{}+0x{:x}", name, offset);
    // Of several names of one place the first.
    return fmt::format("{}+0x{:x} {}+0x{:x}", name, offset, names.front().name,
                       offset - names.front().offset);
}

std::string CodePlaces::function(const Process& process, VAddr at) {
    const Vma* vma = process.mm == nullptr ? nullptr : process.mm->find(at);
    if (vma == nullptr) return "[unmapped]";
    const std::string name = process.mm->name_of(*vma);
    if (vma->file == nullptr) return name.empty() ? "[anonymous]" : name;
    const std::uint64_t offset = vma->offset_of(at);
    // "malloc" rather than "__libc_malloc", which is the same place.
    const Function* found = nullptr;
    for (const Function& f : before(name, offset)) {
        if (f.size != 0 && offset - f.offset >= f.size) continue;
        if (found == nullptr || (found->name.starts_with('_') && !f.name.starts_with('_')))
            found = &f;
    }
    if (found == nullptr) return fmt::format("[{}]", name.substr(name.rfind('/') + 1));
    const std::string source = demangled(found->name, NameForm::NoReturnType);
    return source.empty() ? found->name : source;
}

}  // namespace uprobesim
