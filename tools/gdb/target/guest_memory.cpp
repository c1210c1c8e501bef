// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/guest_memory.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/memory/peek.h"
#include "kernel_model/memory/remote.h"

namespace uprobesim {
namespace {

// What the mapped file holds for an address whose page nobody has brought into memory yet.
std::string from_file(const Vma& vma, FileSystem& files, VAddr at, std::uint64_t size) {
    const auto opened = files.open(Caller{}, vma.file->path(), abi::kORdonly | abi::kONoatime, 0);
    if (!opened) return {};
    std::string bytes(size, '\0');
    const auto n = opened->file->read(vma.offset_of(at), std::as_writable_bytes(std::span(bytes)));
    // The rest of the file's last page is zero.
    if (!n || vma.offset_of(at.page()) >= vma.file->size()) return {};
    return bytes;
}

std::string read_page(Process& process, FileSystem& files, VAddr at, std::uint64_t size) {
    size = std::min(size, kPageSize - at.page_offset());
    const auto bytes = peek_span(*process.mm, at, size);
    if (!bytes.empty()) return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const Vma* const vma = at < Mm::kTaskSize ? process.mm->find(at) : nullptr;
    return vma == nullptr || vma->file == nullptr ? std::string()
                                                  : from_file(*vma, files, at, size);
}

}  // namespace

std::string read_guest(Process& process, FileSystem& files, VAddr at, std::uint64_t size) {
    std::string bytes;
    while (process.mm != nullptr && bytes.size() < size) {
        const std::string part = read_page(process, files, at + bytes.size(), size - bytes.size());
        if (part.empty()) break;
        bytes += part;
    }
    return bytes;
}

bool write_guest(Process& process, VAddr at, std::string_view bytes) {
    if (process.mm == nullptr || process.tasks.empty()) return false;
    return write_remote(*process.mm, at, std::as_bytes(std::span(bytes)), RemoteAccess::Forced,
                        process.tasks.begin()->first) == bytes.size();
}

}  // namespace uprobesim
