/* Which command an option belongs to; all others are for all that take a
 * module. */
#include "belongs.h"

struct belonging {
    const char *option;
    bool given;
    enum command command;
    const char *name;
};

static bool is_misplaced(const struct options *options,
                         const struct belonging *row) {
    return row->given && options->command != row->command;
}

bool options_belong(const struct options *options, struct error *error) {
    bool records = options->record || options->record_module ||
                   options->record_secrets || options->hidden.count > 0;
    bool covers = options->coverage || options->coverage_append;
    /* A profile and coverage belong to a replay, too. */
    bool replay = options->command == COMMAND_REPLAY;
    const struct belonging rows[] = {
        {"--features", options->features, COMMAND_CHECK, "check"},
        {"--code", options->code, COMMAND_DUMP, "dump"},
        {"--lines", options->lines, COMMAND_DUMP, "dump"},
        {"--record", records, COMMAND_RUN, "run"},
        {"--profile", options->profile && !replay, COMMAND_RUN, "run"},
        {"--coverage", covers && !replay, COMMAND_RUN, "run"},
        {"--list", options->list, COMMAND_REPLAY, "replay"},
        {"--until", options->until, COMMAND_REPLAY, "replay"},
        {"--output", options->output, COMMAND_EXPLAIN, "explain"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct belonging *row = &rows[i];
        if (is_misplaced(options, row))
            return error_set(error,
                             ERROR_USAGE,
                             "%s: belongs to %s",
                             row->option,
                             row->name);
    }

    if (records && !options->record)
        return error_set(error, ERROR_USAGE, "where to? give --record FILE");
    if (options->coverage_append && !options->coverage)
        return error_set(error, ERROR_USAGE, "where to? give --coverage FILE");
    if (options->trace_code && (options->profile || options->coverage))
        return error_set(error,
                         ERROR_USAGE,
                         "--%s and --trace=code: give one of them",
                         options->profile ? "profile" : "coverage");
    if (!options->output && options->command == COMMAND_EXPLAIN)
        return error_set(error, ERROR_USAGE, "explain: where to? give -o FILE");
    return true;
}
