// SPDX-License-Identifier: GPL-2.0-or-later
// Memory policies (mm/mempolicy.c, mm/migrate.c) of a kernel with CONFIG_NUMA on a machine with one
// node, as Debian's arm64: policies are checked and kept, and change nothing.
#include <array>
#include <vector>

#include "kernel_model/abi/calls/mempolicy.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/syscall/memory/memory_args.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint64_t kMostBits = 8 * kPageSize;
constexpr std::uint64_t kNodes = 1;  // nr_node_ids

// get_nodes: a mask of nodes; Inval: there is no such node.
SysResult<std::uint64_t> nodes_argument(SysCall& call, VAddr at, std::uint64_t bits) {
    if (bits == 0 || at == VAddr(0)) return 0;
    --bits;
    if (bits > kMostBits) return tl::make_unexpected(Errno::Inval);
    if (bits == 0) return 0;
    const std::uint64_t words = (bits + 63) / 64;
    std::vector<std::uint64_t> mask(words);
    if (!call.memory().read(at, std::as_writable_bytes(std::span(mask))))
        return tl::make_unexpected(Errno::Fault);
    if (bits % 64 != 0) mask.back() &= (std::uint64_t{1} << (bits % 64)) - 1;
    for (std::size_t i = 1; i < words; ++i)
        if (mask[i] != 0) return tl::make_unexpected(Errno::Inval);
    // Other nodes than 0 are possible, but have no memory.
    return mask[0];
}

SysResult<void> check_policy(std::uint32_t mode, std::uint64_t nodes) {
    const std::uint32_t flags = mode & kMpolFlags;
    mode &= ~kMpolFlags;
    const auto fails = [] { return tl::make_unexpected(Errno::Inval); };
    if (mode > kMpolLast) return fails();
    if ((flags & kMpolStaticNodes) != 0 && (flags & kMpolRelativeNodes) != 0) return fails();
    if ((flags & kMpolNumaBalancing) != 0 && mode != kMpolBind && mode != kMpolPreferredMany)
        return fails();
    if (mode == kMpolDefault) return nodes != 0 ? SysResult<void>(fails()) : SysResult<void>();
    if (nodes == 0) {
        const bool may = (mode == kMpolPreferred && flags == 0) || mode == kMpolLocal;
        return may ? SysResult<void>() : SysResult<void>(fails());
    }
    if (mode == kMpolLocal || (nodes & 1) == 0) return fails();
    return {};
}

// mpol_new: preferring no node is the local policy.
MemoryPolicy policy_of(std::uint32_t mode, std::uint64_t nodes) {
    return {mode == kMpolPreferred && nodes == 0 ? kMpolLocal : mode, nodes};
}

SysOutcome sys_set_mempolicy(SysCall& call) {
    const auto nodes = TRY(nodes_argument(call, call.address(1), call.args[2]));
    TRY(check_policy(call.uint32(0), nodes));
    call.process.memory_policy = policy_of(call.uint32(0), nodes);
    return 0;
}

SysOutcome sys_mbind(SysCall& call) {
    const VAddr at = managed(call);
    const std::uint32_t flags = call.uint32(5);
    const auto nodes = TRY(nodes_argument(call, call.address(3), call.args[4]));
    if ((flags & ~(kMpolStrict | kMpolMove | kMpolMoveAll)) != 0) return Errno::Inval;
    if ((flags & kMpolMoveAll) != 0 && !call.capable(Capability::SysNice)) return Errno::Perm;
    if (at.page_offset() != 0) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if (at + length < at) return Errno::Inval;
    if (length == 0) return 0;
    TRY(check_policy(call.uint32(2), nodes));
    if (at >= Mm::kTaskSize || length > Mm::kTaskSize - at ||
        !coverage_of(*call.process.mm, {at, at + length}).whole)
        return Errno::Fault;
    TRY(call.process.mm->set_policy({at, at + length}, policy_of(call.uint32(2), nodes)));
    return 0;
}

// do_get_mempolicy, with MPOL_F_NODE and without an address: the node that comes next.
bool spreads(std::uint32_t mode) {
    const std::uint32_t kind = mode & ~kMpolFlags;
    return kind == kMpolInterleave || kind == kMpolWeightedInterleave;
}

SysOutcome sys_get_mempolicy(SysCall& call) {
    const std::uint32_t flags = call.uint32(4);
    if ((flags & ~(kMpolOfNode | kMpolOfAddress | kMpolMemsAllowed)) != 0) return Errno::Inval;
    if (call.args[1] != 0 && call.args[2] < kNodes) return Errno::Inval;
    std::uint32_t mode = call.process.memory_policy.mode;
    std::uint64_t nodes = call.process.memory_policy.nodes;
    if ((flags & kMpolMemsAllowed) != 0) {
        if ((flags & (kMpolOfNode | kMpolOfAddress)) != 0) return Errno::Inval;
        mode = 0;
        nodes = 1;
    } else if ((flags & kMpolOfAddress) != 0) {
        const Vma* const vma = call.process.mm->find(managed(call, 3));
        if (vma == nullptr) return Errno::Fault;
        mode = (flags & kMpolOfNode) != 0 ? 0 : vma->policy.mode;  // of the node: number 0
        nodes = vma->policy.nodes;
        if ((flags & kMpolOfNode) != 0 && !call.memory().get<std::uint8_t>(call.address(3)))
            return Errno::Fault;
    } else {
        if (call.args[3] != 0) return Errno::Inval;
        if ((flags & kMpolOfNode) != 0) {
            if (!spreads(mode)) return Errno::Inval;
            mode = 0;
        }
    }
    UserMemory memory = call.memory();
    if (call.args[0] != 0 && !memory.put(call.address(0), mode)) return Errno::Fault;
    if (call.args[1] == 0) return 0;
    const std::uint64_t bytes = std::min((call.args[2] - 1 + 63) / 64 * 8, kPageSize);
    if (!memory.clear(call.address(1), bytes)) return Errno::Fault;
    if (!memory.put(call.address(1), nodes)) return Errno::Fault;
    return 0;
}

// The one node is home to all; what is checked is that the policies may have one.
SysOutcome sys_set_mempolicy_home_node(SysCall& call) {
    const VAddr at = managed(call);
    if (at.page_offset() != 0 || call.args[3] != 0 || call.args[2] >= kNodes) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if (at + length < at) return Errno::Inval;
    if (length == 0) return 0;
    SysOutcome outcome = Errno::NoEnt;
    const auto& vmas = call.process.mm->vmas();
    const Vma* const first = call.process.mm->find(at);
    for (auto it = vmas.lower_bound(first != nullptr ? first->range.begin : at);
         it != vmas.end() && it->first < at + length; ++it) {
        const std::uint32_t mode = it->second.policy.mode & ~kMpolFlags;
        if (mode == kMpolDefault) continue;
        if (mode != kMpolBind && mode != kMpolPreferredMany) return Errno::NotSup;
        outcome = 0u;
    }
    return outcome;
}

SysResult<Process*> process_argument(SysCall& call, bool moves_all) {
    const std::int32_t pid = call.int32(0);
    Process* const process = pid == 0 ? &call.process : call.find_process(pid);
    if (moves_all && !call.capable(Capability::SysNice)) return tl::make_unexpected(Errno::Perm);
    if (process == nullptr || !process->alive) return tl::make_unexpected(Errno::Srch);
    if (!call.cred().may_signal(*process->cred)) return tl::make_unexpected(Errno::Perm);
    return process;
}

SysOutcome sys_migrate_pages(SysCall& call) {
    TRY(nodes_argument(call, call.address(2), call.args[1]));
    const auto to = TRY(nodes_argument(call, call.address(3), call.args[1]));
    TRY(process_argument(call, false));
    if ((to & ~std::uint64_t{1}) != 0)
        return !call.capable(Capability::SysNice) ? Errno::Perm : Errno::Inval;
    if (to == 0) return Errno::Inval;
    return 0;
}

SysOutcome sys_move_pages(SysCall& call) {
    const std::uint32_t flags = call.uint32(5);
    if ((flags & ~(kMpolMove | kMpolMoveAll)) != 0) return Errno::Inval;
    Process& process = *TRY(process_argument(call, (flags & kMpolMoveAll) != 0));
    UserMemory memory = call.memory();
    for (std::uint64_t i = 0; i < call.args[1]; ++i) {
        const auto page = memory.get<std::uint64_t>(call.address(2) + 8 * i);
        if (!page) return Errno::Fault;
        if (call.args[3] != 0) {
            const auto node = memory.get<std::int32_t>(call.address(3) + 4 * i);
            if (!node) return Errno::Fault;
            if (*node != 0) return Errno::NoDev;
        }
        const VAddr at = untagged(VAddr(*page));
        const Vma* const vma = process.mm->find(at);
        const auto there = process.mm->space().lookup(at);
        std::int32_t status = 0;
        if (vma == nullptr || (there && process.mm->is_zero(there->frame))) {
            status = -static_cast<std::int32_t>(Errno::Fault);
        } else if (!there) {
            status = -static_cast<std::int32_t>(Errno::NoEnt);
        }
        if (!memory.put(call.address(4) + 4 * i, status)) return Errno::Fault;
    }
    return 0;
}

constexpr auto kMempolicyRows = std::to_array<SyscallRow>({
    {235, "mbind", sys_mbind, Support::Full, KernelPath::SysMadvise, ""},
    {236, "get_mempolicy", sys_get_mempolicy, Support::Full, KernelPath::SysPrctl, ""},
    {237, "set_mempolicy", sys_set_mempolicy, Support::Full, KernelPath::SysPrctl, ""},
    {238, "migrate_pages", sys_migrate_pages, Support::Full, KernelPath::SysMadvise, ""},
    {450, "set_mempolicy_home_node", sys_set_mempolicy_home_node, Support::Full,
     KernelPath::SysPrctl, ""},
    {239, "move_pages", sys_move_pages, Support::Full, KernelPath::SysMadvise, ""},
});

}  // namespace

std::span<const SyscallRow> memory_policy_syscalls() {
    return kMempolicyRows;
}

}  // namespace uprobesim
