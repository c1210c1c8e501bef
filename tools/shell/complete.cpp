// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/shell/complete.h"

#include <fmt/format.h>

#include <algorithm>

#include "probes/handlers/handler.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"
#include "tools/bench/trigger_bench.h"
#include "tools/completion/guest_words.h"
#include "tools/published/published.h"
#include "tools/published/scaling.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {
namespace {

constexpr const char* kPublished = "linux-arm-kernel-2024";
constexpr const char* kFiles = "@files";
constexpr const char* kFolders = "@folders";

// What a line says before its last word, as far as completing needs to know.
struct LineSoFar {
    const OptionRow* awaiting = nullptr;  // the last word is this option's value
    Words words;                          // other than options and their values
    std::string root;
    bool guest_words = false;  // the program is named: what follows is its own
};

const OptionRow* option_of(const OptionTable& table, const std::string& word) {
    if (word.starts_with("--")) return table.find(word.substr(2, word.find('=') - 2));
    return word.size() >= 2 && word.front() == '-' ? table.find(word[1]) : nullptr;
}

// The value that stands in the option's own word, as in "--root=DIR" and "-oFILE"; none: empty.
std::string inner_value(const std::string& word) {
    if (word.starts_with("--")) {
        const std::size_t equals = word.find('=');
        return equals == word.npos ? "" : word.substr(equals + 1);
    }
    return word.substr(std::min<std::size_t>(2, word.size()));
}

LineSoFar read_line(const Command& command, const OptionTable& table, const Words& words,
                    const OptionDefaults& defaults) {
    LineSoFar line;
    line.root = defaults.root;
    bool names_program = command.program_needs.empty();
    bool number = false;  // may stand here
    for (const std::string& word : words) {
        if (std::exchange(number, false) && is_number_word(word)) continue;
        if (line.guest_words) {
            line.words.push_back(word);
            continue;
        }
        const OptionRow* given = line.awaiting;
        std::string value = word;
        line.awaiting = nullptr;
        if (given == nullptr) {
            given = option_of(table, word);
            if (given == nullptr) {
                if (word != "--") line.words.push_back(word);
                const bool scenario = command.is_scenario != nullptr && command.is_scenario(word);
                line.guest_words =
                    command.rest == RestOfWords::GuestProgram && names_program && !scenario;
                continue;
            }
            names_program = names_program || is_one_of(given->name, command.program_needs);
            value = inner_value(word);
            if (given->kind == OptionKind::Flag) continue;
            if (value.empty()) {
                line.awaiting = given;
                continue;
            }
        }
        number = given->takes_number;
        if (given->name == "root") line.root = value;
    }
    return line;
}

void add_starting_with(Words& words, const Words& all, const std::string& start) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(words),
                 [&](const std::string& word) { return word.starts_with(start); });
}

Words setting_keys() {
    Words keys;
    const auto add = [&](ProfileKind kind, const Words& profiles) {
        const auto listing = list_profile(kind, profiles.front(), {});
        if (!listing) return;
        for (const ProfileKey& key : listing->keys)
            keys.push_back(fmt::format("{}.{}=", profile_kind_name(kind), key.key));
    };
    add(ProfileKind::Machine, builtin_machine_profiles());
    add(ProfileKind::Kernel, builtin_kernel_profiles());
    return keys;
}

Words published_tables() {
    Words ids{std::string(kScaling)};
    if (const auto tables = load_published(kPublished)) {
        for (const PublishedTable& table : *tables) ids.push_back(table.id);
    }
    return ids;
}

// What needs an argument goes on after its colon.
Words handler_words() {
    Words words;
    for (const HandlerSynopsis& row : builtin_handler_forms())
        words.push_back(row.form.substr(0, row.form.find_first_of(":[")) +
                        (row.form.find(':') != row.form.npos && row.form.find('[') == row.form.npos
                             ? ":"
                             : ""));
    return words;
}

Words variant_names() {
    Words names;
    for (const TriggerVariant& variant : all_trigger_variants()) names.push_back(variant.name());
    return names;
}

// Names of profiles and scenarios; a file of the user's own will do as well.
Words with_files(Words names) {
    names.emplace_back(kFiles);
    return names;
}

Words profiles() {
    Words names = builtin_machine_profiles();
    for (std::string& name : builtin_kernel_profiles()) names.push_back(std::move(name));
    return names;
}

Words starting_with(const Words& all, const std::string& start) {
    Words words;
    for (const std::string& word : all) {
        if (word.front() == '@' || word.starts_with(start)) words.push_back(word);
    }
    return words;
}

Words complete_bind(const std::string& root, const std::string& value) {
    const std::size_t colon = value.rfind(':');
    if (colon == std::string::npos) return {kFiles};
    Words words;
    for (const std::string& path : complete_guest_path(root, value.substr(colon + 1)))
        words.push_back(value.substr(0, colon + 1) + path);
    return words;
}

Words values_of(ValueSource source, const Words& choices, const std::string& root,
                const std::string& value) {
    switch (source) {
        case ValueSource::Free: return {};
        case ValueSource::Choice: return starting_with(choices, value);
        case ValueSource::File: return {kFiles};
        case ValueSource::Folder: return {kFolders};
        case ValueSource::Kernel:
            return starting_with(with_files(builtin_kernel_profiles()), value);
        case ValueSource::Machine:
            return starting_with(with_files(builtin_machine_profiles()), value);
        case ValueSource::Handler: return starting_with(with_files(handler_words()), value);
        case ValueSource::Profile: return starting_with(with_files(profiles()), value);
        case ValueSource::Scenario: return starting_with(with_files(scenario_names()), value);
        case ValueSource::Setting: return starting_with(setting_keys(), value);
        case ValueSource::Probe: return complete_probe(root, value);
        case ValueSource::ListedProbe:
            return value.find(':') == std::string::npos ? with_files(complete_probe(root, value))
                                                        : complete_probe(root, value);
        case ValueSource::Bind: return complete_bind(root, value);
        case ValueSource::Table: return starting_with(published_tables(), value);
        case ValueSource::Variant: return starting_with(variant_names(), value);
        case ValueSource::Program: {
            Words words = starting_with(scenario_names(), value);
            for (std::string& word : complete_program(root, value))
                words.push_back(std::move(word));
            return words;
        }
    }
    return {};
}

// `before`: what stands in front of the value in the same word.
Words complete_value(const OptionRow& option, const std::string& before, const std::string& root,
                     const std::string& value) {
    const std::size_t comma = option.comma_list ? value.rfind(',') : std::string::npos;
    const std::size_t start = comma == std::string::npos ? 0 : comma + 1;
    Words words = values_of(option.source, option.choices, root, value.substr(start));
    const std::string typed = before + value.substr(0, start);
    for (std::string& word : words) {
        if (word.front() != '@') word.insert(0, typed);
    }
    return words;
}

Words option_names(const OptionTable& table) {
    Words names;
    for (const OptionRow& row : table.rows()) {
        if (row.hidden) continue;
        names.push_back("--" + row.name);
        if (row.letter != 0) names.push_back(fmt::format("-{}", row.letter));
    }
    return names;
}

Words complete_command_name(std::span<const Command> commands, const std::string& start) {
    Words names;
    for (const Command& command : commands) names.emplace_back(command.name);
    names.insert(names.end(), {"help", "--help", "--version"});
    Words words;
    add_starting_with(words, names, start);
    return words;
}

// A word that is neither an option nor a value.
Words complete_word(const Command& command, const LineSoFar& line, const std::string& word) {
    if (line.guest_words) return complete_guest_path(line.root, word.empty() ? "/" : word);
    if (!command.sub_commands.empty() && line.words.empty()) {
        Words names;
        for (const SubCommand& sub : command.sub_commands) names.emplace_back(sub.name);
        return starting_with(names, word);
    }
    return values_of(command.words, {}, line.root, word);
}

}  // namespace

Words complete(std::span<const Command> commands, const Words& words,
               const OptionDefaults& defaults) {
    if (words.size() <= 1) return complete_command_name(commands, words.empty() ? "" : words[0]);
    if (words[0] == "help" || words[0] == "--help") {
        return words.size() == 2 ? complete_command_name(commands, words[1]) : Words{};
    }
    const auto command = std::find_if(commands.begin(), commands.end(),
                                      [&](const Command& c) { return c.name == words[0]; });
    if (command == commands.end()) return {};
    const OptionTable table = command->options();
    const LineSoFar line =
        read_line(*command, table, Words(words.begin() + 1, words.end() - 1), defaults);
    const std::string& last = words.back();
    if (line.awaiting != nullptr) return complete_value(*line.awaiting, "", line.root, last);
    if (!line.guest_words && last.starts_with('-')) {
        const std::size_t equals = last.find('=');
        const OptionRow* option = option_of(table, last);
        if (equals != std::string::npos && option != nullptr)
            return complete_value(*option, last.substr(0, equals + 1), line.root,
                                  last.substr(equals + 1));
        return starting_with(option_names(table), last);
    }
    return complete_word(*command, line, last);
}

}  // namespace uprobesim
