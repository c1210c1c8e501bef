// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/list/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "probes/target/demangle.h"
#include "probes/target/exclusive_pair.h"
#include "probes/target/zip_member.h"
#include "sim/base/try.h"
#include "tools/audit/audit_files.h"
#include "tools/cli/build_info.h"

namespace uprobesim {
namespace {

constexpr std::size_t kNoBinary = ~std::size_t{0};

// The spec of one place that means it and nothing else.
std::string spec_of(const ProbedFile& file, const ProbeSpec& spec, const ProbePlace& place) {
    ProbeSpec one;
    one.kind = spec.kind;
    one.binary = file.path();
    one.place = one.symbol = place.name;
    one.semaphore = spec.semaphore;
    switch (place.kind) {
        case ProbePlace::Kind::Offset:
            one.symbol.clear();
            one.raw_offset = place.offset;
            if (spec.semaphore)
                one.place = fmt::format("{:#x}({:#x})", place.offset, *spec.semaphore);
            break;
        case ProbePlace::Kind::Line:
            one.symbol.clear();
            one.source = spec.source;
            one.line = spec.line;
            break;
        case ProbePlace::Kind::Usdt: {
            const std::size_t colon = place.name.rfind(':');
            one.provider = place.name.substr(0, colon);
            one.symbol = place.name.substr(colon + 1);
            break;
        }
        case ProbePlace::Kind::Function:
        case ProbePlace::Kind::Indirect:
        case ProbePlace::Kind::Plt: {
            // "main+4"; what is before it need not be as the spec has it: "_ZN2ns1fEi", "foo@V1".
            const std::string end = fmt::format("+{}", spec.offset);
            if (spec.offset != 0 && place.name.ends_with(end)) {
                one.symbol = place.name.substr(0, place.name.size() - end.size());
                one.offset = spec.offset;
            }
            break;
        }
    }
    return spec_text(one, SpecUse::List);
}

// Several specs may have named one place, by one name or by several.
void fold(std::vector<ListedProbe>& probes) {
    const auto key = [](const ListedProbe& p) {
        return std::tuple(p.place.offset, p.spec_kind, p.place.kind,
                          p.place.kind == ProbePlace::Kind::Usdt ? p.place.name : std::string());
    };
    std::stable_sort(probes.begin(), probes.end(), [&](const auto& a, const auto& b) {
        return std::tuple(key(a), a.place.name) < std::tuple(key(b), b.place.name);
    });
    std::vector<ListedProbe> folded;
    for (ListedProbe& probe : probes) {
        if (folded.empty() || key(folded.back()) != key(probe)) {
            folded.push_back(std::move(probe));
            continue;
        }
        ProbePlace& kept = folded.back().place;
        std::vector<std::string> names = std::move(probe.place.aliases);
        names.push_back(probe.place.name);
        for (std::string& name : names) {
            if (name != kept.name &&
                std::find(kept.aliases.begin(), kept.aliases.end(), name) == kept.aliases.end())
                kept.aliases.push_back(std::move(name));
        }
        std::sort(kept.aliases.begin(), kept.aliases.end());
    }
    probes = std::move(folded);
}

bool has_code(ProbePlace::Kind kind) {
    return kind == ProbePlace::Kind::Function || kind == ProbePlace::Kind::Indirect;
}

}  // namespace

ListedProbe Lister::listed(const ProbedFile& file, const ProbeSpec& spec, ProbePlace place) const {
    ListedProbe probe;
    probe.spec = spec_of(file, spec, place);
    probe.spec_kind = spec.kind;
    if (has_code(place.kind)) probe.demangled = demangled(place.name);
    const auto word = file.word_at(place.offset);
    if (word && place.offset % 4 == 0) {
        probe.word = *word;
        probe.instruction = decoder_.disassemble(*word, place.offset);
    }
    probe.verdicts = verdicts_of(word, place.offset, kernels_);
    const auto pair =
        exclusive_pair_at(place.offset, [&](std::uint64_t at) { return file.word_at(at); });
    if (pair)
        probe.warning = fmt::format(
            "in the exclusive pair of {:#x} to {:#x}: with a probe in it, it would loop for ever",
            pair->load, pair->store);
    probe.place = std::move(place);
    if (probe.place.resolver) probe.place.kind = ProbePlace::Kind::Indirect;
    return probe;
}

ListedBinary& Lister::binary_of(const ProbedFile& file) {
    const auto [found, added] = by_path_.try_emplace(file.path(), kNoBinary);
    if (added) {
        found->second = binaries_.size();
        binaries_.push_back({file.path(), file.size(), {}, {}});
        if (file.index() != nullptr) binaries_.back().sources = file.index()->sources();
    }
    return binaries_[found->second];
}

Outcome Lister::add_places(const ProbedFile& file, const ProbeSpec& spec, bool with_plt) {
    auto places = TRY(find_places(file, spec, with_plt));
    ListedBinary& binary = binary_of(file);
    const bool has_plt = std::any_of(places.begin(), places.end(), [](const ProbePlace& p) {
        return p.kind == ProbePlace::Kind::Plt;
    });
    if (spec.has_wildcard() && spec.kind != ProbeSpec::Kind::Usdt && !has_plt) {
        const auto& plt = file.index()->plt();
        binary.plt_left_out += static_cast<std::uint64_t>(std::count_if(
            plt.begin(), plt.end(),
            [&](const Function& entry) { return matches_wildcard(spec.symbol, entry.name); }));
    }
    for (ProbePlace& place : places) binary.probes.push_back(listed(file, spec, std::move(place)));
    return {};
}

Outcome Lister::add(const ProbeSpec& spec) {
    return spec_files_.each(spec, [&](const ProbedFile& file) { return add_places(file, spec); });
}

Outcome Lister::add_all(const ProbedFile& file) {
    if (file.index() == nullptr) return tl::make_unexpected(file.no_index());
    ProbeSpec spec;
    spec.binary = file.path();
    spec.symbol = spec.place = "*";
    const SymbolIndex& index = *file.index();
    binary_of(file);
    if (!index.functions().empty() || !index.indirect_functions().empty() || !index.plt().empty())
        TRY(add_places(file, spec, true));
    spec.kind = ProbeSpec::Kind::Usdt;
    if (!index.usdt().empty()) TRY(add_places(file, spec));
    return {};
}

Outcome Lister::add_folder(const std::string& host, const std::string& shown) {
    const auto add = [&](std::vector<std::byte> bytes, const std::string& name) -> Outcome {
        const auto file = TRY(ProbedFile::make(name, std::move(bytes), files_.reader()));
        return add_all(file);
    };
    return each_program_below(host, shown, skipped_, add);
}

Outcome Lister::add_path(const std::string& path) {
    if (!zip_path(path)) {
        std::string host = TRY(files_.host_path(path));
        std::string shown = path;
        std::error_code error;
        if (std::filesystem::is_directory(host, error)) {
            while (host.ends_with('/')) host.pop_back();
            while (shown.ends_with('/')) shown.pop_back();
            return add_folder(host, shown);
        }
    }
    const ProbedFile* const file = TRY(spec_files_.file_of(path));
    return add_all(*file);
}

ListReport Lister::report() {
    ListReport report;
    report.version = tool_version();
    report.kernels = audit_kernels(kernels_);
    report.binaries = std::move(binaries_);
    for (ListedBinary& binary : report.binaries) fold(binary.probes);
    report.skipped = std::move(skipped_);
    return report;
}

std::string_view place_kind_name(ProbePlace::Kind kind) {
    switch (kind) {
        case ProbePlace::Kind::Function: return "function";
        case ProbePlace::Kind::Indirect: return "IFUNC resolver";
        case ProbePlace::Kind::Plt: return "PLT entry";
        case ProbePlace::Kind::Usdt: return "USDT";
        case ProbePlace::Kind::Offset: return "offset";
        case ProbePlace::Kind::Line: return "source line";
    }
    return "";
}

ListCounts list_counts(const ListReport& report) {
    ListCounts counts;
    for (const ListedBinary& binary : report.binaries) {
        counts.plt_left_out += binary.plt_left_out;
        for (const ListedProbe& probe : binary.probes) {
            switch (probe.place.kind) {
                case ProbePlace::Kind::Function: ++counts.functions; break;
                case ProbePlace::Kind::Indirect: ++counts.indirect; break;
                case ProbePlace::Kind::Plt: ++counts.plt; break;
                case ProbePlace::Kind::Usdt: ++counts.usdt; break;
                case ProbePlace::Kind::Offset:
                case ProbePlace::Kind::Line: ++counts.others; break;
            }
            counts.aliases += probe.place.aliases.size();
            counts.refused +=
                std::any_of(probe.verdicts.begin(), probe.verdicts.end(),
                            [](const AuditVerdict& v) { return v.kind == VerdictKind::Reject; })
                    ? 1
                    : 0;
        }
    }
    return counts;
}

AuditCounts list_verdicts(const ListReport& report, std::size_t kernel) {
    AuditCounts counts;
    for (const ListedBinary& binary : report.binaries) {
        for (const ListedProbe& probe : binary.probes) {
            switch (probe.verdicts[kernel].kind) {
                case VerdictKind::Emulate: ++counts.emulated; break;
                case VerdictKind::Step: ++counts.stepped; break;
                case VerdictKind::Reject: ++counts.refused; break;
            }
        }
    }
    return counts;
}

}  // namespace uprobesim
