// SPDX-License-Identifier: GPL-2.0-or-later
// The order is that of copy_strings and create_elf_tables in Linux (fs/exec.c, fs/binfmt_elf.c):
// from the top: 8 zero bytes, the program's name, environment strings, argument strings, the
// platform's name, 16 random bytes, and 16-byte aligned below: auxv, envp, argv, argc.
#include "kernel_model/loader/stack_image.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/elf.h"
#include "kernel_model/abi/hwcap.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/memory/user_memory.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {
constexpr std::uint64_t kStackExpand = std::uint64_t{128} << 10;  // added by setup_arg_pages
constexpr std::uint64_t kMaxStrings = std::uint64_t{6} << 20;     // three quarters of _STK_LIM
constexpr std::string_view kPlatform = "aarch64";

// sizeof(struct rt_sigframe) 4688, the frame record 16, alignment 16: what arm64 reports without
// SVE.
constexpr std::uint64_t kMinSignalStack = 4720;
constexpr std::uint64_t kClockTicks = 100;  // USER_HZ
constexpr std::uint64_t kPhdrEntrySize = 56;

// The strings are written through get_user_pages, so their page faults are not exceptions.
bool put_bytes(Mm& mm, VAddr at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t part = std::min<std::size_t>(bytes.size(), kPageSize - at.page_offset());
        if (mm.populate({at.page(), at.page() + kPageSize}, Access::Write, std::nullopt) != 1)
            return false;
        const auto page = mm.space().lookup(at);
        if (!page) return false;
        std::ranges::copy(bytes.first(part), mm.machine().memory.bytes(page->frame).begin() +
                                                 static_cast<std::ptrdiff_t>(at.page_offset()));
        bytes = bytes.subspan(part);
        at += part;
    }
    return true;
}
}  // namespace

SysResult<void> check_stack_strings(const StackRequest& request, std::uint64_t stack_limit) {
    std::uint64_t total = request.exec_name.size() + 1;
    for (const auto* strings : {&request.arguments, &request.environment}) {
        for (const std::string& s : *strings) {
            if (s.size() + 1 > abi::kMaxArgStrlen) return tl::make_unexpected(Errno::TooBig);
            total += s.size() + 1 + sizeof(std::uint64_t);
        }
    }
    const std::uint64_t limit =
        std::max(std::min(stack_limit / 4, kMaxStrings), abi::kMaxArgStrlen);
    if (total > limit) return tl::make_unexpected(Errno::TooBig);
    return {};
}

bool StackBuilder::copy_string(const std::string& text) {
    at_ = at_ - (text.size() + 1);
    return put_bytes(mm_, at_, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

SysResult<void> StackBuilder::map_and_copy_strings() {
    std::uint64_t strings = request_.exec_name.size() + 1 + sizeof(std::uint64_t);
    for (const auto* list : {&request_.arguments, &request_.environment})
        for (const std::string& s : *list) strings += s.size() + 1;
    const std::uint64_t limit = std::max(page_floor(mm_.stack_limit()), page_ceil(strings));
    const std::uint64_t size = std::min(page_ceil(strings) + kStackExpand, limit);
    TRY(mm_.map({.hint = Mm::kTaskSize - size,
                 .length = size,
                 .prot = {.read = true, .write = true, .exec = request_.executable},
                 .fixed = true,
                 .grows_down = true,
                 .name = "[stack]"}));

    at_ = Mm::kTaskSize - sizeof(std::uint64_t);
    bool copied = copy_string(request_.exec_name);
    exec_name_ = at_;
    environment_area_.end = at_;
    environment_.resize(request_.environment.size());
    for (std::size_t i = environment_.size(); i-- > 0; environment_[i] = at_)
        copied = copied && copy_string(request_.environment[i]);
    environment_area_.begin = argument_area_.end = at_;
    arguments_.resize(request_.arguments.size());
    for (std::size_t i = arguments_.size(); i-- > 0; arguments_[i] = at_)
        copied = copied && copy_string(request_.arguments[i]);
    argument_area_.begin = at_;
    if (!copied) return tl::make_unexpected(Errno::NoMem);
    return {};
}

SysResult<StackImage> StackBuilder::build_tables(const StackRequest& loaded, Entropy& entropy,
                                                 TaskId task) {
    UserMemory memory(mm_, task);
    VAddr sp(at_.value & ~std::uint64_t{15});
    sp = sp - (kPlatform.size() + 1);
    const VAddr platform = sp;
    bool stored =
        memory.write(platform, std::as_bytes(std::span(kPlatform.data(), kPlatform.size() + 1)));
    std::array<std::byte, 16> random{};
    entropy.fill(random);
    sp = sp - random.size();
    const VAddr random_at = sp;
    stored = stored && memory.write(random_at, random);

    StackImage image;
    const auto aux = [&](std::uint64_t type, std::uint64_t value) {
        image.auxv.insert(image.auxv.end(), {type, value});
    };
    if (loaded.vdso != 0) aux(abi::kAtSysinfoEhdr, loaded.vdso);
    aux(abi::kAtMinsigstksz, kMinSignalStack);
    const IsaSet& isa = mm_.machine().profile.isa.features;
    aux(abi::kAtHwcap, abi::hwcap_word(isa, 1));
    aux(abi::kAtPagesz, kPageSize);
    aux(abi::kAtClktck, kClockTicks);
    aux(abi::kAtPhdr, loaded.phdr_address);
    aux(abi::kAtPhent, kPhdrEntrySize);
    aux(abi::kAtPhnum, loaded.phdr_count);
    aux(abi::kAtBase, loaded.interpreter_base);
    aux(abi::kAtFlags, 0);
    aux(abi::kAtEntry, loaded.entry);
    aux(abi::kAtUid, loaded.uid.real);
    aux(abi::kAtEuid, loaded.uid.effective);
    aux(abi::kAtGid, loaded.gid.real);
    aux(abi::kAtEgid, loaded.gid.effective);
    aux(abi::kAtSecure, loaded.secure ? 1 : 0);
    aux(abi::kAtRandom, random_at.value);
    aux(abi::kAtHwcap2, abi::hwcap_word(isa, 2));
    aux(abi::kAtExecfn, exec_name_.value);
    aux(abi::kAtPlatform, platform.value);
    aux(abi::kAtNull, 0);

    std::vector<std::uint64_t> table;
    table.push_back(arguments_.size());
    for (VAddr a : arguments_) table.push_back(a.value);
    table.push_back(0);
    for (VAddr e : environment_) table.push_back(e.value);
    table.push_back(0);
    table.insert(table.end(), image.auxv.begin(), image.auxv.end());
    image.sp = VAddr((sp.value - table.size() * sizeof(std::uint64_t)) & ~std::uint64_t{15});
    stored = stored && memory.write(image.sp, std::as_bytes(std::span(table)));
    if (!stored) return tl::make_unexpected(Errno::Fault);
    image.argument_area = argument_area_;
    image.environment_area = environment_area_;
    return image;
}

}  // namespace uprobesim
