// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/write_all.h"

namespace uprobesim {
namespace {

using Ordered = nlohmann::ordered_json;  // parameters and figures stay in their order

constexpr std::string_view kPartSchema = "uprobesim.sweep-part/1";
constexpr std::string_view kSuffix = ".jsonl";
constexpr int kMaxStarts = 100'000;  // of one task

void add_text(std::string_view name, const std::string& text, std::string& line) {
    if (text.empty()) return;
    line += fmt::format(",\"{}\":", name);
    line += Ordered(text).dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

std::string text_of(const Ordered& row, const char* name) {
    return row.value(name, std::string());
}

PointResult point_of(const Ordered& row) {
    PointResult point;
    point.key = text_of(row, "point");
    point.parameters = row.at("parameters").dump();
    point.done = row.at("status").get<std::string>() == "done";
    point.reason = text_of(row, "reason");
    if (row.contains("figures")) point.figures = row.at("figures").dump();
    point.report_hash = text_of(row, "report_hash");
    point.run = text_of(row, "run");
    point.log = text_of(row, "log");
    return point;
}

SharedRun run_of(const Ordered& row) {
    return {text_of(row, "shared"),      text_of(row, "command"), text_of(row, "report"),
            text_of(row, "report_hash"), text_of(row, "refusal"), text_of(row, "notes"),
            text_of(row, "log")};
}

}  // namespace

PartWriter::~PartWriter() {
    if (fd_ >= 0) close(fd_);
}

void PartWriter::add(const PointResult& point) {
    lines_ += fmt::format(R"({{"point":"{}","parameters":{},"status":"{}")", point.key,
                          point.parameters, point.done ? "done" : "failed");
    if (!point.figures.empty()) (lines_ += ",\"figures\":") += point.figures;
    add_text("reason", point.reason, lines_);
    add_text("report_hash", point.report_hash, lines_);
    add_text("run", point.run, lines_);
    add_text("log", point.log, lines_);
    lines_ += "}\n";
}

void PartWriter::add(const SharedRun& run) {
    lines_ += fmt::format(R"({{"shared":"{}")", run.key);
    add_text("command", run.command, lines_);
    add_text("report", run.report, lines_);
    add_text("report_hash", run.report_hash, lines_);
    add_text("refusal", run.refusal, lines_);
    add_text("notes", run.notes, lines_);
    add_text("log", run.log, lines_);
    lines_ += "}\n";
}

// Two starts of a task that do not know of each other get two files, on NFS too.
void PartWriter::make_file() {
    for (int start = 1; start <= kMaxStarts; ++start) {
        path_ = fmt::format("{}/{}.{}{}", folder_, part_, start, kSuffix);
        fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (fd_ >= 0) break;
        if (errno != EEXIST) throw HostError(fmt::format("make {}", path_), std::strerror(errno));
    }
    if (fd_ < 0) throw HostError(fmt::format("make {}", path_), "there are too many of them");
    lines_.insert(0, fmt::format("{{\"schema\":\"{}\"}}\n", kPartSchema));
}

void PartWriter::commit() {
    if (lines_.empty()) return;
    if (fd_ < 0) make_file();
    if (write_all(fd_, lines_) != 0 || fdatasync(fd_) != 0)
        throw HostError(fmt::format("write {}", path_), std::strerror(errno));
    lines_.clear();
}

Outcome read_part(const std::string& path, PartRows& rows) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return user_error(fmt::format("the part cannot be read: {}", std::strerror(errno)), path);
    std::string line;
    for (std::uint64_t number = 1; std::getline(file, line); ++number) {
        if (file.eof()) break;  // half a line
        const auto wrong = [&](std::string_view why) {
            return user_error(fmt::format("no line of a sweep's part: {}", why),
                              fmt::format("{}:{}", path, number),
                              "move the file away, and its points are missing");
        };
        const Ordered row = Ordered::parse(line, nullptr, false);
        if (!row.is_object()) return wrong("it is no JSON object");
        try {
            if (number == 1 && text_of(row, "schema") != kPartSchema)
                return wrong(fmt::format("the first one is not {}", kPartSchema));
            if (row.contains("point")) rows.add(point_of(row));
            if (row.contains("shared")) rows.add(run_of(row));
        } catch (const Ordered::exception& error) {
            return wrong(error.what());
        }
    }
    if (file.bad()) throw HostError(fmt::format("read {}", path), "the file cannot be read on");
    return {};
}

std::vector<std::string> names_in(const std::string& folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        names.push_back(entry->path().filename().string());
    // A list that ends too early would be results that are not there.
    if (error && error != std::errc::no_such_file_or_directory)
        throw HostError(fmt::format("list {}", folder), error.message());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> part_files(const std::string& folder, const std::string& part) {
    std::vector<std::string> files;
    for (const std::string& name : names_in(folder)) {
        if (name.ends_with(kSuffix) && name.starts_with(part.empty() ? "chunk-" : part + "."))
            files.push_back(fmt::format("{}/{}", folder, name));
    }
    return files;
}

}  // namespace uprobesim
