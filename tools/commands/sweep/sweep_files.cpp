// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/sweep/sweep_files.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "sim/base/input_file.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kResultsSuffix = ".sqlite";
constexpr std::string_view kPartSuffix = ".jsonl";
constexpr std::uint64_t kMaxListBytes = std::uint64_t{16} << 20;

std::string results_file(const CommandLine& line, const std::string& plan, const Chunk& chunk) {
    if (line.given("results")) return line.one("results", "");
    const std::string part = chunk.count == 1 ? "" : fmt::format(".{}", chunk.name());
    return fmt::format("{}{}{}", plan_stem(plan), part, kResultsSuffix);
}

// The plan's own and those of its chunks, by name.
Words results_files(const CommandLine& line, const std::string& plan) {
    Words files{results_file(line, plan, {})};
    if (line.given("results")) return files;
    const fs::path stem(plan_stem(plan));
    const std::string head = stem.filename().string() + ".chunk-";
    const fs::path folder = stem.has_parent_path() ? stem.parent_path() : fs::path(".");
    for (const std::string& name : names_in(folder.string())) {
        if (name.starts_with(head) && name.ends_with(kResultsSuffix))
            files.push_back((stem.parent_path() / name).string());
    }
    return files;
}

}  // namespace

std::string Chunk::name() const {
    return fmt::format("chunk-{}-of-{}", number, count);
}

Result<Chunk> read_chunk(const CommandLine& line) {
    Chunk chunk;
    if (!line.given("chunk")) return chunk;
    const std::string text = line.one("chunk", "");
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, chunk.number);
    const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
    const auto second = slash ? std::from_chars(first.ptr + 1, end, chunk.count) : first;
    if (!slash || second.ec != std::errc() || second.ptr != end || chunk.number < 1 ||
        chunk.number > chunk.count || chunk.count > kMaxPoints)
        return user_error(fmt::format("'{}' is not I/N with I from 1 to N", text), "--chunk",
                          "for example: --chunk 3/20");
    return chunk;
}

Result<PointSet> read_points(const CommandLine& line, const Points& points, const Chunk& chunk) {
    PointSet set{{0, points.size()}};
    if (line.given("only")) {
        const std::string file = line.one("only", "");
        const auto text = TRY(read_text_file(file, {"list of points", kMaxListBytes}));
        set = TRY(parse_point_set(text, points.size(), file));
    }
    return chunk_of(set, chunk.number, chunk.count);
}

std::string plan_stem(const std::string& plan) {
    return plan.ends_with(kPlanSuffix) ? plan.substr(0, plan.size() - kPlanSuffix.size()) : plan;
}

std::string parts_folder(const CommandLine& line, const std::string& plan) {
    return line.one("parts", plan_stem(plan) + ".parts");
}

Result<ResultStore> open_results(const CommandLine& line, const std::string& plan,
                                 const Chunk& chunk) {
    if (!line.given("parts")) return ResultStore::open(results_file(line, plan, chunk));
    if (line.given("results"))
        return user_error("results are parts in a folder or rows of one file", "--parts, --results",
                          "leave out one of them");
    const std::string folder = line.one("parts", "");
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return user_error("there is no such folder", folder, "make it, or see sweep submit");
    auto store = ResultStore::temporary();
    TRY(store.add_parts(part_files(folder, chunk.name())));
    store.also_write(std::make_unique<PartWriter>(folder, chunk.name()));
    return store;
}

Result<OpenResults> open_results_to_read(const CommandLine& line, const std::string& plan,
                                         const Words& named) {
    OpenResults results;
    Words parts;
    const auto add_folder = [&](const std::string& folder) {
        const Words files = part_files(folder);
        parts.insert(parts.end(), files.begin(), files.end());
    };
    std::error_code error;
    for (const std::string& file : named.empty() ? results_files(line, plan) : named) {
        if (fs::is_directory(file, error)) {
            add_folder(file);
        } else if (file.ends_with(kPartSuffix)) {
            parts.push_back(file);
        } else {
            auto store = TRY(ResultStore::open_to_read(file));
            // One without tables was made by a sweep that was killed at once.
            if (!store && !named.empty() && !fs::exists(file, error))
                return user_error("there is no such results file", file);
            if (store) results.stores.push_back(std::move(*store));
        }
    }
    if (named.empty() && (line.given("parts") || !line.given("results")))
        add_folder(parts_folder(line, plan));
    if (parts.empty()) return results;
    auto store = ResultStore::temporary();
    TRY(store.add_parts(parts));
    results.stores.push_back(std::move(store));
    results.has_parts = true;
    return results;
}

}  // namespace uprobesim
