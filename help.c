/* What is told of the command line, all of it made of options.def.
 *
 * The scripts know the options (behind the program's name or a subcommand,
 * until the module's name) and their values: files, directories or a list of
 * words. Where the module stands they offer files and subcommands; what is
 * behind it is the guest's, for which files are as good a guess as any. */
#include "help.h"

#include "options.h"

#include <string.h>

struct row {
    /* The title of a group that begins here; else an option: */
    const char *group;
    char letter;
    const char *name;
    enum option_value value;
    const char *form, *help;
};

static const struct row rows[] = {
#define COMMAND(id, name, form, help)
#define GROUP(title) {.group = title},
#define OPTION(id, letter, name, value, form, help)                            \
    {NULL, letter, name, VALUE_##value, form, help},
#include "options.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

static const struct command_row {
    const char *name, *form, *help;
} commands[] = {
#define COMMAND(id, name, form, help) {name, form, help},
#define GROUP(title)
#define OPTION(id, letter, name, value, form, help)
#include "options.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

enum {
    ROW_COUNT = sizeof rows / sizeof *rows,
    COMMAND_COUNT = sizeof commands / sizeof *commands
};

/* ---- --help ---- */

static void print_row(const struct row *row, FILE *out) {
    char form[64];
    const char letter[] = {',', ' ', '-', row->letter, '\0'};
    if (row->group) {
        fprintf(out, "\n%s:\n", row->group);
        return;
    }

    const char *short_form = row->letter ? letter : "";
    const char *space = *row->form ? " " : "";
    snprintf(form,
             sizeof form,
             "--%s%s%s%s",
             row->name,
             short_form,
             space,
             row->form);
    fprintf(out, "  %-31s %s\n", form, row->help);
}

void help_print(FILE *out) {
    fputs("usage: hostel [options] MODULE [ARGS...]        run a WebAssembly "
          "module\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char form[64];
        snprintf(
            form, sizeof form, "%s %s", commands[i].name, commands[i].form);
        fprintf(out, "       hostel %-32s %s\n", form, commands[i].help);
    }

    fputs("\nMODULE is a file, or - for standard input; text format needs "
          "wat2wasm.\n"
          "What stands behind it is the guest's.\n",
          out);
    for (size_t i = 0; i < ROW_COUNT; i++)
        print_row(&rows[i], out);
    fputs("\nA SIZE is in bytes or like 64K, 1.5M, 1GiB; a TIME in seconds or "
          "like 500ms.\n"
          "Exit status: the guest's own; 134 a trap, 2 wrong usage, 1 other "
          "failures.\n",
          out);
}

/* ---- scripts ---- */

/* In single quotes, which all three shells end by one, whatever stands before
 * it; the characters of `special` get a backslash, which no text of ours
 * has. */
static void print_text(const char *text, const char *special, FILE *out) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        if (strchr(special, *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_words(const struct row *row, FILE *out) {
    for (const char *c = row->form; *c; c++)
        fputc(*c == ',' ? ' ' : *c, out);
}

/* ---- bash ---- */

/* What takes a value that nobody can guess. */
static bool is_free(enum option_value value) {
    return value == VALUE_TEXT || value >= VALUE_COUNT;
}

static bool is_file(enum option_value value) {
    return value == VALUE_FILE;
}

static bool is_folder(enum option_value value) {
    return value == VALUE_FOLDER;
}

/* A case of those options whose value is of a kind: --dir|--tmpdir) ACTION
 * return ;; */
static void print_bash_case(bool (*is)(enum option_value value),
                            const char *action,
                            FILE *out) {
    const char *border = "    ";
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].group || !is(rows[i].value))
            continue;
        fprintf(out, "%s--%s", border, rows[i].name);
        border = "|";
    }
    fprintf(out, ")\n        %s return ;;\n", action);
}

static void print_bash_values(FILE *out) {
    fputs("    case $previous in\n", out);
    print_bash_case(is_file, "COMPREPLY=($(compgen -f -- \"$word\"));", out);
    print_bash_case(is_folder, "COMPREPLY=($(compgen -d -- \"$word\"));", out);
    print_bash_case(is_free, "", out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].group || rows[i].value != VALUE_WORDS)
            continue;
        fprintf(
            out, "    --%s)\n        COMPREPLY=($(compgen -W '", rows[i].name);
        print_words(&rows[i], out);
        fputs("' -- \"$word\")); return ;;\n", out);
    }

    fputs("    esac\n", out);
}

static void print_bash(FILE *out) {
    fputs("# bash completion for hostel\n"
          "_hostel() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} "
          "previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    [ \"$word\" != = ] || word=\n"
          "    [ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    COMPREPLY=()\n",
          out);
    print_bash_values(out);
    fputs("    case $word in\n    -*)\n        COMPREPLY=($(compgen -W '", out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!rows[i].group)
            fprintf(out, "--%s ", rows[i].name);
    }

    fputs("' -- \"$word\")); return ;;\n    esac\n"
          "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    [ \"$COMP_CWORD\" -gt 1 ] || COMPREPLY+=($(compgen -W '",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "%s ", commands[i].name);
    fputs("' -- \"$word\"))\n}\ncomplete -o filenames -F _hostel hostel\n",
          out);
}

/* ---- zsh ---- */

/* Within brackets or between colons, which end it. */
static void print_zsh_text(const char *text, FILE *out) {
    print_text(text, "[]:()", out);
}

static void print_zsh_option(const struct row *row, FILE *out) {
    fprintf(out,
            "        '*--%s%s[",
            row->name,
            row->value == VALUE_NONE ? "" : "=");
    print_zsh_text(row->help, out);
    fputc(']', out);
    if (row->value != VALUE_NONE) {
        fputs(":", out);
        print_zsh_text(row->form, out);
        fputs(":", out);
    }

    if (row->value == VALUE_FILE)
        fputs("_files", out);
    if (row->value == VALUE_FOLDER)
        fputs("_files -/", out);
    if (row->value == VALUE_WORDS) {
        fputc('(', out);
        print_words(row, out);
        fputc(')', out);
    }

    fputs("' \\\n", out);
}

static void print_zsh(FILE *out) {
    fputs("#compdef hostel\n"
          "_hostel_first() {\n"
          "    local -a commands\n"
          "    commands=(",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "\n        '%s:", commands[i].name);
        print_zsh_text(commands[i].help, out);
        fputc('\'', out);
    }

    fputs(")\n"
          "    _describe command commands\n"
          "    _files\n"
          "}\n"
          "_hostel() {\n"
          "    _arguments \\\n",
          out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!rows[i].group)
            print_zsh_option(&rows[i], out);
    }

    fputs("        '1: :_hostel_first' '*:file:_files'\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _hostel ]; then _hostel \"$@\"; else "
          "compdef _hostel hostel; "
          "fi\n",
          out);
}

/* ---- fish ---- */

static void print_fish_option(const struct row *row, FILE *out) {
    fprintf(out, "complete -c hostel -l %s", row->name);
    if (row->letter)
        fprintf(out, " -s %c", row->letter);
    if (row->value == VALUE_FILE)
        fputs(" -r -F", out);
    if (row->value == VALUE_FOLDER)
        fputs(" -x -a '(__fish_complete_directories)'", out);
    if (is_free(row->value))
        fputs(" -x", out);
    if (row->value == VALUE_WORDS) {
        fputs(" -x -a '", out);
        print_words(row, out);
        fputc('\'', out);
    }

    fputs(" -d '", out);
    print_text(row->help, "", out);
    fputs("'\n", out);
}

static void print_fish(FILE *out) {
    fputs("# fish completion for hostel\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out,
                "complete -c hostel -n __fish_is_first_token -a %s -d '%s'\n",
                commands[i].name,
                commands[i].help);
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!rows[i].group)
            print_fish_option(&rows[i], out);
    }
}

bool help_completions(const char *shell, FILE *out, struct error *error) {
    static const struct {
        const char *shell;
        void (*print)(FILE *out);
    } shells[] = {
        {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shell, shells[i].shell) != 0)
            continue;
        shells[i].print(out);
        return true;
    }
    return error_set(error,
                     ERROR_USAGE,
                     "completions: '%s' is none of bash, zsh and fish",
                     shown_text(shell, 120).text);
}
