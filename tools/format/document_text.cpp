// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "tools/format/document_writers.h"
#include "tools/format/number_text.h"
#include "tools/format/table_layout.h"
#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kMostFactName = 40;

// SGR sequences, which every terminal of the last forty years knows.
std::string_view sequence(Tone tone) {
    switch (tone) {
        case Tone::Plain: return "";
        case Tone::Strong: return "\x1b[1m";
        case Tone::Faint: return "\x1b[2m";
        case Tone::Alarm: return "\x1b[1;31m";
    }
    return "";
}
constexpr std::string_view kReset = "\x1b[0m";

class TextWriter {
public:
    explicit TextWriter(const ReportStyle& style) : style_(style) {}

    void answer(const std::string& text) {
        for (const std::string& line : wrapped(visible(text), kTextWidth)) {
            put(line, 0, Tone::Strong);
            out_ += '\n';
        }
    }
    void gap() {
        if (!out_.empty()) out_ += '\n';
    }
    void operator()(const Table& table) {
        const std::size_t shown = table.first == 0 || style_.all ? table.rows.size() : table.first;
        title(table.title);
        for (const SpanLine& line : table_lines(table, shown, kTextWidth - kIndent, kGap)) {
            std::size_t indent = kIndent;
            for (const Span& span : line) {
                put(span.text, indent + span.blanks, span.tone);
                indent = 0;
            }
            out_ += '\n';
        }
        if (shown < table.rows.size()) put_wrapped(rest_line(table, shown), kIndent, Tone::Faint);
    }
    void operator()(const Facts& facts) {
        title(facts.title);
        std::size_t width = 0;
        for (const auto& fact : facts.facts)
            width = std::max(width, columns_of(visible(fact.name)));
        width = std::min(width, kMostFactName);
        for (const auto& fact : facts.facts) {
            std::string name = without_end_blanks(shortened(visible(fact.name), width));
            const std::size_t left = kIndent + width + kGap;
            for (const std::string& line : wrapped(visible(fact.value), kTextWidth - left)) {
                put(name, kIndent, Tone::Faint);
                if (!line.empty())
                    put(line, left - kIndent * (name.empty() ? 0 : 1) - columns_of(name),
                        fact.tone);
                out_ += '\n';
                name.clear();
            }
        }
    }
    void operator()(const Lines& lines) {
        title(lines.title);
        const std::size_t indent = lines.title.empty() ? 0 : kIndent;
        for (const std::string& line : lines.lines) put_wrapped(line, indent, lines.tone);
    }
    std::string text() && { return std::move(out_); }

private:
    static std::string rest_line(const Table& table, std::size_t shown) {
        return "... " + grouped(std::uint64_t{table.rows.size() - shown}) +
               " more; --all shows them" + table.rest;
    }
    void title(const std::string& text) {
        if (!text.empty()) put_wrapped(text, 0, Tone::Strong);
    }
    // Goes on under its own first word.
    void put_wrapped(const std::string& text, std::size_t indent, Tone tone) {
        const std::string shown = visible(text);
        const std::size_t own = std::min(shown.find_first_not_of(' '), shown.size());
        const std::size_t left = std::min(indent + own, kTextWidth / 2);
        for (const std::string& line : wrapped(shown.substr(own), kTextWidth - left)) {
            if (!line.empty()) put(line, left, tone);
            out_ += '\n';
        }
    }
    void put(const std::string& text, std::size_t blanks, Tone tone) {
        if (text.empty()) return;
        out_.append(blanks, ' ');
        const bool loud = style_.color && tone != Tone::Plain;
        if (loud) out_ += sequence(tone);
        out_ += text;
        if (loud) out_ += kReset;
    }

    const ReportStyle& style_;
    std::string out_;
};

bool is_close(const DocumentPart& block) {
    const auto* lines = std::get_if<Lines>(&block);
    return lines != nullptr && lines->close;
}

}  // namespace

std::string document_text(const Document& document, const ReportStyle& style) {
    TextWriter writer(style);
    if (!document.answer.empty()) writer.answer(document.answer);
    bool close = document.dense;
    for (const DocumentPart& block : document.blocks) {
        if (!close && !is_close(block)) writer.gap();
        std::visit(writer, block);
        close = false;
    }
    return std::move(writer).text();
}

}  // namespace uprobesim
