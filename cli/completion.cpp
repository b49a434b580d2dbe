// drover completion bash|zsh: scripts made from the tree itself, so that they know every verb and option.
#include "cli/completion.hpp"

#include "cli/verb.hpp"

namespace drover::cli {
namespace {

// "job run" -> "--detach --timeout ...", for every node of the tree. Verbs of a noun come before its options.
void collect(const CLI::App& app, const std::string& path, std::string& cases) {
    std::string words;
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        words += (words.empty() ? "" : " ") + child->get_name();
    }
    for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return !o->get_lnames().empty(); })) {
        for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
    }
    cases += "        '" + path + "') words='" + words + "' ;;\n";
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), cases);
    }
}

// Shared by both shells: the words that are verbs lead to a node, the node names what may follow.
constexpr const char* kBash = R"(# bash completion for drover. Load it with: source <(drover completion bash)
_drover() {
    local path='' words='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in -*) continue ;; esac
        _drover_words "${path:+$path }$word" && path="${path:+$path }$word"
    done
    _drover_words "$path"
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
    case $path in
        'job run' | 'job validate') COMPREPLY+=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    esac
}
_drover_words() {
    case $1 in
@CASES@        *) return 1 ;;
    esac
}
complete -o filenames -F _drover drover
)";

constexpr const char* kZsh = R"(#compdef drover
# zsh completion for drover. Load it with: source <(drover completion zsh)
_drover() {
    local path_='' words_='' word i
    for ((i = 2; i < CURRENT; i++)); do
        word=${words[i]}
        case $word in -*) continue ;; esac
        _drover_words "${path_:+$path_ }$word" && path_="${path_:+$path_ }$word"
    done
    _drover_words "$path_"
    compadd -- ${=words_}
    case $path_ in
        'job run' | 'job validate') _files ;;
    esac
}
_drover_words() {
    case $1 in
@CASES@        *) return 1 ;;
    esac
}
compdef _drover drover
)";

}  // namespace

std::string completion(const CLI::App& root, const std::string& shell) {
    std::string cases;
    collect(root, "", cases);
    std::string script = shell == "zsh" ? kZsh : kBash;
    if (shell == "zsh") {
        for (std::size_t at = 0; (at = cases.find(") words=", at)) != std::string::npos; at += 10) {
            cases.replace(at, 8, ") words_=");
        }
    }
    const std::string mark = "@CASES@";
    script.replace(script.find(mark), mark.size(), cases);
    return script;
}

void add_completion(CLI::App& root, Session& session) {
    const auto shell = std::make_shared<std::string>();
    add_verb(root, session, "completion", "print a completion script for a shell", "source <(drover completion bash)",
             [&root, &session, shell] {
                 const std::string script = completion(root, *shell);
                 if (!session.print_json({{"shell", *shell}, {"script", script}})) session.out(script);
                 return kOk;
             })
        ->add_option("SHELL", *shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}))
        ->type_name("");
}

}  // namespace drover::cli
