// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/self/maps, byte for byte as fs/proc/task_mmu.c prints it.
#include <fmt/format.h>

#include <iterator>
#include <string>

#include "kernel_model/abi/stat.h"
#include "kernel_model/memory/mm.h"

namespace uprobesim {

namespace {
constexpr std::size_t kNameColumn = 73;  // 25 + 6 * sizeof(void *)

}  // namespace

std::string Mm::name_of(const Vma& vma) const {
    if (!vma.name.empty()) return vma.name;
    if (vma.file != nullptr) return vma.file->path();
    if (vma.range.begin < brk_end_ && vma.range.end > brk_start_) return "[heap]";
    return {};
}

std::string Mm::maps_text() const {
    std::string text;
    for (const auto& [begin, vma] : vmas_) {
        const FileKey key = vma.file != nullptr ? vma.file->key() : FileKey{};
        const std::size_t line = text.size();
        fmt::format_to(std::back_inserter(text), "{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ",
                       begin.value, vma.range.end.value, vma.prot.read ? 'r' : '-',
                       vma.prot.write ? 'w' : '-', vma.prot.exec ? 'x' : '-',
                       vma.shared ? 's' : 'p', vma.name.empty() ? vma.file_offset : 0,
                       abi::device_major(key.device), abi::device_minor(key.device), key.inode);
        const std::string name = name_of(vma);
        if (!name.empty()) {
            if (text.size() < line + kNameColumn) text.resize(line + kNameColumn, ' ');
            for (char c : name) {
                if (c == '\n')
                    text += "\\012";
                else
                    text += c;
            }
        }
        text += '\n';
    }
    return text;
}

}  // namespace uprobesim
