// SPDX-License-Identifier: GPL-2.0-or-later
// Profiles as tables of numbers, made from their text when the program is built: unpacking one
// takes a fiftieth of the time of reading its text. What reads the text has checked it then, and
// the program still has the text, for who asks for its lines.
//
// What is packed has a static members(self, visit) that hands visit its members in one order, or is
// a number, a text, a set or a container of such.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct PackedRow {
    std::uint32_t path;   // a text: under sim/data, without ".toml": "kernels/v6.12"
    std::uint32_t first;  // of `words`
};

// Without a pointer in any row: a table of these would be relocated at each start.
struct PackedTables {
    std::span<const std::uint16_t> words;
    std::span<const double> numbers;           // by their places, which words hold
    std::span<const std::uint32_t> text_ends;  // text i ends there and begins where i - 1 ends
    std::string_view texts;
    std::span<const PackedRow> rows;

    std::string_view text(std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : text_ends[i - 1];
        return texts.substr(begin, text_ends[i] - begin);
    }
};
// Generated: tools/dev/pack_profiles.cpp.
PackedTables packed_profiles();

template <class T>
concept HasBits = requires(const T& t) {
    { t.bits() } -> std::same_as<std::uint64_t>;
};

class Packer {
public:
    void operator()(const auto&... each) { (put(each), ...); }
    // Of what is put next.
    void begin(const std::string& path) {
        rows_.push_back({text_place(path), static_cast<std::uint32_t>(words_.size())});
    }
    // Of what has been put, while this lives.
    PackedTables tables() const { return {words_, numbers_, text_ends_, texts_, rows_}; }

private:
    void word(std::size_t value);
    std::uint16_t text_place(const std::string& text);
    void put(double number);
    void put(const std::string& text) { word(text_place(text)); }
    template <class T>
    requires std::is_enum_v<T>
    void put(T value) { word(static_cast<std::size_t>(value)); }
    void put(std::uint32_t value) { put(std::uint64_t{value}); }
    void put(std::uint64_t value) {
        for (int i = 0; i < 4; ++i) word(value >> 16 * i & 0xffff);
    }
    void put(const HasBits auto& set) { put(set.bits()); }
    template <class T>
    void put(const std::vector<T>& all) {
        word(all.size());
        for (const T& each : all) put(each);
    }
    template <class T, std::size_t N>
    void put(const std::array<T, N>& all) {
        for (const T& each : all) put(each);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        word(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    requires requires(const T& t, Packer& p) { T::members(t, p); }
    void put(const T& value) { T::members(value, *this); }

    std::vector<std::uint16_t> words_;
    std::vector<double> numbers_;
    std::vector<std::uint32_t> text_ends_;
    std::string texts_;
    std::vector<PackedRow> rows_;
    std::map<std::string, std::size_t> text_places_;
    std::map<std::uint64_t, std::size_t> number_places_;  // by their bits
};

class Unpacker {
public:
    Unpacker(const PackedTables& tables, const PackedRow& row)
        : tables_(tables), next_(tables.words.data() + row.first) {}
    void operator()(auto&... each) { (get(each), ...); }

private:
    std::size_t word() { return *next_++; }
    void get(double& number) { number = tables_.numbers[word()]; }
    void get(std::string& text) { text = tables_.text(word()); }
    template <class T>
    requires std::is_enum_v<T>
    void get(T& value) { value = static_cast<T>(word()); }
    template <class T>
    requires std::is_same_v<T, std::uint32_t> || std::is_same_v<T, std::uint64_t>
    void get(T& value) {
        std::uint64_t all = 0;
        for (int i = 0; i < 4; ++i) all |= std::uint64_t{word()} << 16 * i;
        value = static_cast<T>(all);
    }
    template <HasBits T>
    void get(T& set) {
        std::uint64_t bits = 0;
        get(bits);
        set = T::of_bits(bits);
    }
    template <class T>
    void get(std::vector<T>& all) {
        all.resize(word());
        for (T& each : all) get(each);
    }
    template <class T, std::size_t N>
    void get(std::array<T, N>& all) {
        for (T& each : all) get(each);
    }
    template <class T>
    void get(std::optional<T>& value) {
        value.reset();
        if (word() != 0) get(value.emplace());
    }
    template <class T>
    requires requires(T& t, Unpacker& u) { T::members(t, u); }
    void get(T& value) { T::members(value, *this); }

    PackedTables tables_;
    const std::uint16_t* next_;
};

// Null: nothing built in has that name.
const PackedRow* find_packed(const PackedTables& tables, std::string_view folder,
                             std::string_view name);

// Where the keys of profiles in a folder are that are no prices.
inline std::string packed_behaviour_folder(std::string_view folder) {
    return "behaviour/" + std::string(folder);
}

// The built-in profile of that name, as reading its text gives it without settings.
template <class Profile>
std::optional<Profile> packed_profile(std::string_view folder, std::string_view name) {
    const PackedTables tables = packed_profiles();
    const PackedRow* const row = find_packed(tables, folder, name);
    if (row == nullptr) return std::nullopt;
    std::optional<Profile> profile(std::in_place);
    Unpacker unpack(tables, *row);
    unpack(*profile);
    return profile;
}

}  // namespace uprobesim
