// SPDX-License-Identifier: GPL-2.0-or-later
// The format is that of Documentation/bpf/btf.rst: a header, types of different lengths one after
// the other, numbered from 1, and strings.
#include "probes/bpf/btf_maps.h"

#include <array>
#include <vector>

namespace uprobesim {
namespace {

enum class Kind : std::uint8_t {
    Void,
    Int,
    Pointer,
    Array,
    Struct,
    Union,
    Enum,
    Forward,
    Typedef,
    Volatile,
    Const,
    Restrict,
    Function,
    Prototype,
    Variable,
    Section,
    Float,
    DeclTag,
    TypeTag,
    Enum64
};
// What follows a type: bytes, and bytes for each of its entries.
struct Tail {
    std::uint8_t fixed, each;
};
constexpr std::array<Tail, 20> kTails = {
    {{0, 0}, {4, 0}, {0, 0}, {12, 0}, {0, 12}, {0, 12}, {0, 8}, {0, 0}, {0, 0}, {0, 0},
     {0, 0}, {0, 0}, {0, 0}, {0, 8},  {4, 0},  {0, 12}, {0, 0}, {4, 0}, {0, 0}, {0, 12}}};
constexpr std::uint64_t kTypeBytes = 12, kEntryBytes = 12;
constexpr int kDeepest = 32;  // types that name each other

struct Type {
    std::string_view name;
    Kind kind = Kind::Void;
    std::uint32_t entries = 0;
    std::uint32_t size = 0;  // or the type that it is made of
    std::uint64_t tail = 0;  // where what follows it begins
};

class Btf {
public:
    explicit Btf(Bytes bytes) {
        constexpr std::uint16_t kMagic = 0xeb9f;
        const auto magic = load<std::uint16_t>(bytes, 0);
        const auto header = load<std::uint32_t>(bytes, 4), type_at = load<std::uint32_t>(bytes, 8),
                   type_size = load<std::uint32_t>(bytes, 12),
                   string_at = load<std::uint32_t>(bytes, 16),
                   string_size = load<std::uint32_t>(bytes, 20);
        if (magic != kMagic || !string_size) return;
        types_ = piece(bytes, std::uint64_t{*header} + *type_at, *type_size);
        strings_ = piece(bytes, std::uint64_t{*header} + *string_at, *string_size);
        for (std::uint64_t at = 0; at + kTypeBytes <= types_.size();) {
            const auto kind = *load<std::uint32_t>(types_, at + 4) >> 24 & 0x1f;
            if (kind >= kTails.size()) return;
            starts_.push_back(at);
            at +=
                kTypeBytes + kTails[kind].fixed +
                std::uint64_t{kTails[kind].each} * (*load<std::uint32_t>(types_, at + 4) & 0xffff);
        }
    }

    std::size_t count() const { return starts_.size(); }

    // From 1; Void: none.
    Type type(std::uint32_t number) const {
        if (number == 0 || number > starts_.size()) return {};
        const std::uint64_t at = starts_[number - 1];
        const std::uint32_t info = *load<std::uint32_t>(types_, at + 4);
        return {.name = string(*load<std::uint32_t>(types_, at)),
                .kind = static_cast<Kind>(info >> 24 & 0x1f),
                .entries = info & 0xffff,
                .size = *load<std::uint32_t>(types_, at + 8),
                .tail = at + kTypeBytes};
    }

    // The n-th number of what follows a type; 0 past the end.
    std::uint32_t tail(const Type& type, std::uint64_t n) const {
        return load<std::uint32_t>(types_, type.tail + 4 * n).value_or(0);
    }

    std::string_view string(std::uint32_t at) const {
        return string_at(strings_, at).value_or(std::string_view());
    }

    // Without typedefs, const and the like.
    Type plain(std::uint32_t number) const {
        for (int depth = 0; depth < kDeepest; ++depth) {
            const Type found = type(number);
            switch (found.kind) {
                case Kind::Typedef:
                case Kind::Volatile:
                case Kind::Const:
                case Kind::Restrict:
                case Kind::TypeTag: number = found.size; break;
                default: return found;
            }
        }
        return {};
    }

    std::uint64_t size_of(std::uint32_t number, int depth = 0) const {
        const Type found = plain(number);
        switch (found.kind) {
            case Kind::Int:
            case Kind::Struct:
            case Kind::Union:
            case Kind::Enum:
            case Kind::Float:
            case Kind::Enum64: return found.size;
            case Kind::Pointer: return 8;
            case Kind::Array:
                if (depth == kDeepest) return 0;
                // 32 bits times what fits into 64: a wrong product is a wrong size, nothing else.
                return std::uint64_t{tail(found, 2)} * size_of(tail(found, 0), depth + 1);
            default: return 0;
        }
    }

    // __uint(name, value) is a pointer to an array of `value`.
    std::uint32_t value_of(std::uint32_t member) const {
        const Type array = plain(plain(member).size);
        return array.kind == Kind::Array ? tail(array, 2) : 0;
    }

private:
    Bytes types_, strings_;
    std::vector<std::uint64_t> starts_;
};

BpfMap map_of(const Btf& btf, const Type& variable) {
    BpfMap map;
    map.name = variable.name;
    const Type definition = btf.plain(variable.size);
    if (definition.kind != Kind::Struct) return map;
    constexpr std::uint32_t kMostMembers = 64;
    constexpr std::uint64_t kMemberWords = 3;  // name, type, offset
    for (std::uint32_t i = 0; i < std::min(definition.entries, kMostMembers); ++i) {
        const std::string_view name = btf.string(btf.tail(definition, kMemberWords * i));
        const std::uint32_t member = btf.tail(definition, kMemberWords * i + 1);
        if (name == "type") map.type = btf.value_of(member);
        if (name == "key_size") map.key_size = btf.value_of(member);
        if (name == "value_size") map.value_size = btf.value_of(member);
        if (name == "key") map.key_size = btf.size_of(btf.plain(member).size);
        if (name == "value") map.value_size = btf.size_of(btf.plain(member).size);
    }
    return map;
}

}  // namespace

std::map<std::string, BpfMap> btf_maps(Bytes bytes) {
    std::map<std::string, BpfMap> maps;
    const Btf btf(bytes);
    for (std::uint32_t n = 1; n <= btf.count(); ++n) {
        const Type section = btf.type(n);
        if (section.kind != Kind::Section || section.name != ".maps") continue;
        for (std::uint32_t i = 0; i < section.entries; ++i) {
            const Type variable = btf.type(btf.tail(section, std::uint64_t{kEntryBytes / 4} * i));
            if (variable.kind == Kind::Variable && !variable.name.empty())
                maps.try_emplace(std::string(variable.name), map_of(btf, variable));
        }
        break;
    }
    return maps;
}

}  // namespace uprobesim
