// SPDX-License-Identifier: GPL-2.0-or-later
// A part of a sweep's results as a file of lines of JSON in a folder that hosts share: written at
// its end only, by one process, and never a database. docs/cluster.md describes the lines.
//
// A task that is started again writes the next file of its part: "chunk-3-of-40.1.jsonl",
// "chunk-3-of-40.2.jsonl". A file whose writer was killed may end in half a line, which is no
// result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/result_row.h"

namespace uprobesim {

class PartWriter {
public:
    // `part`: "chunk-3-of-40". The file is made when there is a first row.
    PartWriter(std::string folder, std::string part)
        : folder_(std::move(folder)), part_(std::move(part)) {}
    ~PartWriter();
    PartWriter(const PartWriter&) = delete;
    PartWriter& operator=(const PartWriter&) = delete;

    void add(const PointResult& point);
    void add(const SharedRun& run);
    // What was added is on the disk of the file's host. Throws HostError.
    void commit();

private:
    void make_file();

    std::string folder_, part_, path_;
    std::string lines_;
    int fd_ = -1;
};

// What a file has, row by row.
class PartRows {
public:
    virtual ~PartRows() = default;
    virtual void add(const PointResult& point) = 0;
    virtual void add(const SharedRun& run) = 0;
};
Outcome read_part(const std::string& path, PartRows& rows);

// Names of what is in a folder, in order; none where there is no such folder. Throws HostError.
std::vector<std::string> names_in(const std::string& folder);
// The folder's files, all or of one part, by name. Nothing where there is no such folder.
std::vector<std::string> part_files(const std::string& folder, const std::string& part = {});

}  // namespace uprobesim
