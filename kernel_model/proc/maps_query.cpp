// SPDX-License-Identifier: GPL-2.0-or-later
// PROCMAP_QUERY, an ioctl of /proc/PID/maps (do_procmap_query in fs/proc/task_mmu.c).
#include <algorithm>
#include <array>
#include <cstddef>

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/proc/proc_text.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

tl::unexpected<Errno> fails(Errno why) {
    return tl::make_unexpected(why);
}

std::uint64_t rights_of(const Vma& vma) {
    return (vma.prot.read ? kProcmapReadable : 0) | (vma.prot.write ? kProcmapWritable : 0) |
           (vma.prot.exec ? kProcmapExecutable : 0) | (vma.shared ? kProcmapShared : 0);
}

// query_matching_vma: null: there is none.
const Vma* matching(const Mm& mm, VAddr address, std::uint64_t flags) {
    auto it = mm.vmas().upper_bound(address);
    if (it != mm.vmas().begin()) --it;
    for (; it != mm.vmas().end(); ++it) {
        const auto& [begin, vma] = *it;
        if (vma.range.end <= address) continue;
        const bool next = (flags & kProcmapOrNext) != 0;
        const bool fits = (flags & kProcmapRights & ~rights_of(vma)) == 0 &&
                          ((flags & kProcmapOfFile) == 0 || vma.file != nullptr);
        if (fits && (next || begin <= address)) return &vma;
        if (!next) return nullptr;
    }
    return nullptr;
}

// copy_struct_from_user: what the structure has not yet must be zero.
SysResult<ProcmapQuery> query_argument(VAddr at, UserMemory& memory) {
    const auto size = memory.get<std::uint64_t>(at);
    if (!size) return fails(Errno::Fault);
    if (*size > kPageSize) return fails(Errno::TooBig);
    if (*size < offsetof(ProcmapQuery, begin)) return fails(Errno::Inval);
    ProcmapQuery query{};
    std::array<std::byte, kPageSize> bytes{};
    if (!memory.read(at, std::span(bytes).first(*size))) return fails(Errno::Fault);
    const auto rest = std::span(bytes).subspan(sizeof query);
    if (std::ranges::any_of(rest, [](std::byte b) { return b != std::byte{}; }))
        return fails(Errno::TooBig);
    std::ranges::copy(std::span(bytes).first(sizeof query),
                      std::as_writable_bytes(std::span(&query, 1)).begin());
    const bool paired = (query.name_size != 0) == (query.name_address != 0) &&
                        (query.build_id_size != 0) == (query.build_id_address != 0);
    if ((query.query_flags & ~kProcmapKnown) != 0 || !paired) return fails(Errno::Inval);
    return query;
}

}  // namespace

SysResult<std::uint64_t> query_maps(const Mm& mm, std::uint64_t request, VAddr at,
                                    UserMemory& memory) {
    if (request != kProcmapQuery) return fails(Errno::NotTty);
    ProcmapQuery query = TRY(query_argument(at, memory));
    const Vma* const vma = matching(mm, VAddr(query.query_address), query.query_flags);
    if (vma == nullptr) return fails(Errno::NoEnt);
    const FileKey key = vma->file != nullptr ? vma->file->key() : FileKey{};
    query.begin = vma->range.begin.value;
    query.end = vma->range.end.value;
    query.flags = rights_of(*vma);
    query.page_size = kPageSize;
    query.offset = vma->file != nullptr && vma->name.empty() ? vma->file_offset : 0;
    query.inode = key.inode;
    query.major = abi::device_major(key.device);
    query.minor = abi::device_minor(key.device);
    query.build_id_size = 0;  // as of a file that has none
    if (query.name_size != 0) {
        const std::string name = mm.name_of(*vma);
        const std::size_t room = std::min<std::size_t>(query.name_size, kPathMax);
        const std::size_t size = name.empty() ? 0 : name.size() + 1;
        if (size > room) return fails(Errno::NameTooLong);
        if (!memory.write(VAddr(query.name_address), std::as_bytes(std::span(name.c_str(), size))))
            return fails(Errno::Fault);
        query.name_size = static_cast<std::uint32_t>(size);
    }
    const auto answer = std::as_bytes(std::span(&query, 1));
    if (!memory.write(at, answer.first(std::min<std::size_t>(query.size, answer.size()))))
        return fails(Errno::Fault);
    return std::uint64_t{0};
}

}  // namespace uprobesim
