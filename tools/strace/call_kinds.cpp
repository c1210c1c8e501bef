// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers, flags and strings.
#include "tools/strace/call_kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/signal/signals.h"

namespace uprobesim {
namespace {

std::int32_t int32(const CallView& v, unsigned i) {
    return static_cast<std::int32_t>(v.arguments[i]);
}
std::string hex(std::uint64_t value) {
    return value == 0 ? "0" : fmt::format("0x{:x}", value);
}

std::string integer(CallView& v, unsigned i, const ArgumentKind&) {
    return fmt::format("{}", int32(v, i));
}
std::string unsigned_integer(CallView& v, unsigned i, const ArgumentKind&) {
    return fmt::format("{}", v.low(i));
}
std::string long_integer(CallView& v, unsigned i, const ArgumentKind&) {
    return fmt::format("{}", static_cast<std::int64_t>(v.arguments[i]));
}
std::string size(CallView& v, unsigned i, const ArgumentKind&) {
    return fmt::format("{}", v.arguments[i]);
}
std::string hexadecimal(CallView& v, unsigned i, const ArgumentKind&) {
    return hex(v.arguments[i]);
}
std::string octal(CallView& v, unsigned i, const ArgumentKind&) {
    return octal_text(v.low(i));
}
std::string pointer(CallView& v, unsigned i, const ArgumentKind&) {
    return pointer_text(v.arguments[i]);
}
std::string descriptor(CallView& v, unsigned i, const ArgumentKind&) {
    return fmt::format("{}", int32(v, i));
}
std::string directory(CallView& v, unsigned i, const ArgumentKind&) {
    return descriptor_text(v.low(i));
}
std::string flags(CallView& v, unsigned i, const ArgumentKind& kind) {
    return flags_text(kind.names, v.low(i));
}
std::string value(CallView& v, unsigned i, const ArgumentKind& kind) {
    return value_text(kind.names, v.low(i));
}
std::string signal(CallView& v, unsigned i, const ArgumentKind&) {
    return signal_text(v.low(i));
}

// --- strings and buffers
std::string path(CallView& v, unsigned i, const ArgumentKind&) {
    return string_at(v, v.arguments[i], abi::kPathMax);
}
std::string string(CallView& v, unsigned i, const ArgumentKind&) {
    return string_at(v, v.arguments[i], kShownBytes);
}
std::string bytes(CallView& v, unsigned i, const ArgumentKind&) {
    return bytes_at(v, v.arguments[i], v.arguments[i + 1]);
}
// As many as the result says.
std::string result_bytes(CallView& v, unsigned i, const ArgumentKind&) {
    return bytes_at(v, v.arguments[i], static_cast<std::uint64_t>(v.result.value_or(0)));
}
std::string result_path(CallView& v, unsigned i, const ArgumentKind&) {
    auto length = static_cast<std::uint64_t>(v.result.value_or(0));
    std::string text(std::min<std::uint64_t>(length, abi::kPathMax), '\0');
    if (!peek(v.memory(), VAddr(v.arguments[i]), std::as_writable_bytes(std::span(text))))
        return pointer_text(v.arguments[i]);
    if (text.ends_with('\0')) text.pop_back();  // getcwd counts it
    return quoted(text, false);
}
std::string strings(CallView& v, unsigned i, const ArgumentKind&) {
    const std::uint64_t at = v.arguments[i];
    if (at == 0) return "NULL";
    std::vector<std::string> shown;
    for (std::uint64_t n = 0; n <= kShownItems; ++n) {
        const auto entry = v.read<std::uint64_t>(at + 8 * n);
        if (!entry)
            return shown.empty() ? pointer_text(at)
                                 : fmt::format("[{}, ...]", fmt::join(shown, ", "));
        if (*entry == 0) return fmt::format("[{}]", fmt::join(shown, ", "));
        shown.push_back(string_at(v, *entry, kShownBytes));
    }
    return fmt::format("[{}, ...]", fmt::join(shown, ", "));
}
std::string environment(CallView& v, unsigned i, const ArgumentKind&) {
    const std::uint64_t at = v.arguments[i];
    if (at == 0) return "NULL";
    constexpr std::uint64_t kMost = 100'000;
    std::uint64_t n = 0;
    for (; n < kMost; ++n) {
        const auto entry = v.read<std::uint64_t>(at + 8 * n);
        if (!entry) return pointer_text(at);
        if (*entry == 0) break;
    }
    return fmt::format("{} /* {} var{} */", pointer_text(at), n, n == 1 ? "" : "s");
}

// --- flags whose text depends on more
std::string open_flags(CallView& v, unsigned i, const ArgumentKind&) {
    return open_flags_text(v.low(i));
}
std::string open_mode(CallView& v, unsigned i, const ArgumentKind&) {
    const bool creates =
        (v.low(i - 1) & (abi::kOCreat | (abi::kOTmpfile & ~abi::kODirectory))) != 0;
    return creates ? octal_text(v.low(i)) : "";
}
std::string file_mode(CallView& v, unsigned i, const ArgumentKind&) {
    return mode_text(v.low(i));
}
std::string access_mode(CallView& v, unsigned i, const ArgumentKind&) {
    return v.low(i) == 0 ? "F_OK" : flags_text(names::kAccessBits, v.low(i));
}
std::string protection(CallView& v, unsigned i, const ArgumentKind&) {
    return flags_text(names::kProtection, v.low(i), "PROT_NONE");
}
std::string map_flags(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint32_t kTypeMask = 15;
    const std::string type = value_text(names::kMapTypes, v.low(i) & kTypeMask);
    const std::string bits = flags_text(names::kMapFlags, v.low(i) & ~kTypeMask, "");
    return bits.empty() ? type : type + '|' + bits;
}
std::string socket_type(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint32_t kTypeMask = 15;
    const std::string type = value_text(names::kSocketTypes, v.low(i) & kTypeMask);
    const std::string bits = flags_text(names::kSocketBits, v.low(i) & ~kTypeMask, "");
    return bits.empty() ? type : type + '|' + bits;
}
std::string socket_option(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint32_t kSolSocket = 1, kSolTcp = 6;
    if (v.low(i - 1) == kSolSocket) return value_text(names::kSocketOptions, v.low(i));
    if (v.low(i - 1) == kSolTcp) return value_text(names::kTcpOptions, v.low(i));
    return hex(v.low(i));
}
std::string statx_mask(CallView& v, unsigned i, const ArgumentKind&) {
    const auto whole = value_name(names::kStatxMasks, v.low(i));
    return whole.empty() ? flags_text(names::kStatxBits, v.low(i)) : std::string(whole);
}

std::string fcntl_argument(CallView& v, unsigned i, const ArgumentKind&) {
    struct Lock {
        std::int16_t type, whence;
        std::int32_t pad;
        std::int64_t start, length;
        std::int32_t pid, pad2;
    };
    switch (v.low(i - 1)) {
        case abi::kFGetfd:
        case abi::kFGetfl:
        case abi::kFGetown:
        case abi::kFGetsig:
        case abi::kFGetlease:
        case abi::kFGetpipeSz:
        case abi::kFGetSeals: return "";
        case abi::kFSetfd: return flags_text(names::kDescriptorFlags, v.low(i));
        case abi::kFSetfl: return open_flags_text(v.low(i));
        case abi::kFGetlk:
        case abi::kFSetlk:
        case abi::kFSetlkw:
        case abi::kFOfdGetlk:
        case abi::kFOfdSetlk:
        case abi::kFOfdSetlkw: {
            const auto lock = v.read<Lock>(v.arguments[i]);
            if (!lock) return pointer_text(v.arguments[i]);
            return fmt::format(
                "{{l_type={}, l_whence={}, l_start={}, l_len={}}}",
                value_text(names::kLockTypes, static_cast<std::uint64_t>(lock->type)),
                value_text(names::kWhence, static_cast<std::uint64_t>(lock->whence)), lock->start,
                lock->length);
        }
        case abi::kFDupfd:
        case abi::kFDupfdCloexec: return fmt::format("{}", int32(v, i));
        default: return hex(v.arguments[i]);
    }
}

std::string prctl_argument(CallView& v, unsigned i, const ArgumentKind&) {
    if (v.low(i - 1) == abi::kPrSetName) return string_at(v, v.arguments[i], kShownBytes);
    if (v.low(i - 1) == abi::kPrSetPdeathsig) return signal_text(v.low(i));
    return hex(v.arguments[i]);
}

std::string personality(CallView& v, unsigned i, const ArgumentKind&) {
    return v.low(i) == abi::kPerQuery ? "0xffffffff" : value_text(names::kPersonalities, v.low(i));
}

// --- clone names its arguments; those its flags do not ask for are left out.
constexpr std::uint64_t kSettls = 0x80000, kParentSettid = 0x100000, kChildCleartid = 0x200000,
                        kChildSettid = 0x1000000;
std::string child_stack(CallView& v, unsigned i, const ArgumentKind&) {
    return "child_stack=" + pointer_text(v.arguments[i]);
}
std::string clone_flags(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint32_t kSignalMask = 0xff;
    std::string text = flags_text(names::kCloneBits, v.low(i) & ~kSignalMask, "");
    if ((v.low(i) & kSignalMask) != 0)
        text += (text.empty() ? "" : "|") + signal_text(v.low(i) & kSignalMask);
    return "flags=" + (text.empty() ? "0" : text);
}
std::string parent_tid(CallView& v, unsigned i, const ArgumentKind&) {
    return (v.arguments[0] & kParentSettid) == 0 ? ""
                                                 : "parent_tid=" + pointer_text(v.arguments[i]);
}
std::string thread_pointer(CallView& v, unsigned i, const ArgumentKind&) {
    return (v.arguments[0] & kSettls) == 0 ? "" : "tls=" + pointer_text(v.arguments[i]);
}
std::string child_tid(CallView& v, unsigned i, const ArgumentKind&) {
    return (v.arguments[0] & (kChildSettid | kChildCleartid)) == 0
               ? ""
               : "child_tidptr=" + pointer_text(v.arguments[i]);
}

constexpr ArgumentKind kKinds[] = {
    {"int", integer},
    {"uint", unsigned_integer},
    {"long", long_integer},
    {"size", size},
    {"hex", hexadecimal},
    {"octal", octal},
    {"ptr", pointer},
    {"fd", descriptor},
    {"dirfd", directory},
    {"path", path},
    {"string", string},
    {"bytes", bytes},
    {"argv", strings},
    {"envp", environment},
    {"out_bytes", result_bytes, {}, true},
    {"out_path", result_path, {}, true},
    {"signal", signal},
    {"open_flags", open_flags},
    {"open_mode", open_mode},
    {"open_bits", flags, names::kOpenBits},
    {"file_mode", file_mode},
    {"access_mode", access_mode},
    {"access_flags", flags, names::kAccessFlags},
    {"at_flags", flags, names::kAtFlags},
    {"unlink_flags", flags, names::kUnlinkFlags},
    {"rename_flags", flags, names::kRenameFlags},
    {"protection", protection},
    {"map_flags", map_flags},
    {"mremap_flags", flags, names::kRemapFlags},
    {"sync_flags", flags, names::kSyncFlags},
    {"memory_advice", value, names::kMemoryAdvice},
    {"file_advice", value, names::kFileAdvice},
    {"memfd_flags", flags, names::kMemfdFlags},
    {"membarrier_command", value, names::kMembarrierCommands},
    {"whence", value, names::kWhence},
    {"lock_operation", flags, names::kLockOperations},
    {"fcntl_command", value, names::kFcntlCommands},
    {"fcntl_argument", fcntl_argument},
    {"ioctl_request", value, names::kIoctlRequests},
    {"clone_bits", flags, names::kCloneBits},
    {"clone_flags", clone_flags},
    {"child_stack", child_stack},
    {"parent_tid", parent_tid},
    {"thread_pointer", thread_pointer},
    {"child_tid", child_tid},
    {"wait_options", flags, names::kWaitOptions},
    {"id_type", value, names::kIdTypes},
    {"clock", value, names::kClocks},
    {"timer_flags", flags, names::kTimerFlags},
    {"interval_timer", value, names::kIntervalTimers},
    {"mask_how", value, names::kMaskHow},
    {"resource", value, names::kResources},
    {"usage_who", value, names::kUsageWho},
    {"priority_which", value, names::kPriorityWhich},
    {"sched_policy", value, names::kSchedPolicies},
    {"prctl_option", value, names::kPrctlOptions},
    {"prctl_argument", prctl_argument},
    {"personality", personality},
    {"random_flags", flags, names::kRandomFlags},
    {"statx_mask", statx_mask},
    {"socket_domain", value, names::kSocketDomains},
    {"socket_type", socket_type},
    {"socket_bits", flags, names::kSocketBits},
    {"socket_level", value, names::kSocketLevels},
    {"socket_option", socket_option},
    {"message_flags", flags, names::kMessageFlags},
    {"shutdown_how", value, names::kShutdownHow},
    {"epoll_op", value, names::kEpollOperations},
    {"epoll_flags", flags, names::kEpollFlags},
    {"eventfd_flags", flags, names::kEventfdFlags},
};

}  // namespace

std::span<const ArgumentKind> scalar_kinds() {
    return kKinds;
}

const ArgumentKind* find_kind(std::string_view word) {
    for (const auto kinds : {scalar_kinds(), struct_kinds()}) {
        const auto found = std::find_if(kinds.begin(), kinds.end(),
                                        [&](const ArgumentKind& k) { return k.word == word; });
        if (found != kinds.end()) return &*found;
    }
    return nullptr;
}

}  // namespace uprobesim
