// drover alloc logs [-f] [--merge] [--since TIME] [--stderr] [--tail N] [-t] NAME [TASK]
#include <algorithm>

#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct AllocLogsOptions {
    std::string name;  // of a job, or the beginning of an alloc's id
    std::string task;
    bool follow = false;
    bool errors = false;
    bool merge = false;
    bool times = false;
    std::string since;
    std::string tail;
};

// Lines of several logs, each behind the name of who wrote it.
class MergedLines {
   public:
    MergedLines(const Session& session, const AllocLogsOptions& options) : session_(session), options_(options) {}

    void take(std::string_view bytes) {
        rest_ += bytes;
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
            show(std::string_view(rest_).substr(begin, end - begin));
        rest_.erase(0, begin);
    }

    bool failed() const { return failed_; }

   private:
    void show(std::string_view text) {
        const Json entry = Json::parse(text, nullptr, false);
        if (!entry.is_object()) return;
        if (const std::string error = entry.value("error", ""); !error.empty()) {
            failed_ = true;
            session_.err(name(entry) + ": " + error + "\n");
        } else if (!session_.print_json(entry)) {
            session_.out(prefix(entry) + entry.value("line", "") + "\n");
        }
    }

    // The alloc is named where there may be several.
    std::string name(const Json& entry) const {
        const std::string alloc = entry.value("alloc", ""), task = entry.value("task", "");
        return alloc.starts_with(options_.name) ? task : short_id(alloc) + "/" + task;
    }

    std::string prefix(const Json& entry) {
        std::string who = name(entry);
        width_ = std::max(width_, who.size());
        who.resize(width_, ' ');
        const bool errors = entry.value("stream", "") == "stderr";
        const Instant at{entry.value("at", 0LL)};
        const std::string when = options_.times ? (at.set() ? clock(at, session_.now()) : "-") + "  " : "";
        return session_.paint(when + who + (errors ? " ! " : " | "), errors ? Tone::bad : Tone::dim);
    }

    const Session& session_;
    const AllocLogsOptions& options_;
    std::string rest_;
    std::size_t width_ = 0;
    bool failed_ = false;
};

// Of one log the bytes as they are; a task that is silent for a day is followed anew.
constexpr Duration kSilence = hours(24);

int show_alloc_logs(const Session& session, const AllocLogsOptions& options) {
    const std::string stream = options.errors ? "stderr" : options.merge ? "" : "stdout";
    const std::string path =
        with_query("/v1/logs/" + encode_segment(options.name), {{"task", options.task},
                                                                {"stream", stream},
                                                                {"since", options.since},
                                                                {"tail", options.tail},
                                                                {"follow", options.follow ? "true" : ""},
                                                                {"merge", options.merge ? "true" : ""}});
    Client client = session.client();
    if (options.follow) client.set_limits(seconds(1), kSilence);
    MergedLines lines(session, options);
    auto done = client.stream(path, [&](std::string_view bytes) {
        if (options.merge) {
            lines.take(bytes);
        } else if (!session.print_json({{"stream", stream}, {"data", bytes}})) {
            session.out(bytes);
        }
        return true;
    });
    if (!done) return session.fail(done.error());
    return lines.failed() ? kFailed : kOk;
}

}  // namespace

void add_alloc_logs(CLI::App& alloc, Session& session) {
    const auto options = std::make_shared<AllocLogsOptions>();
    CLI::App* verb =
        add_verb(alloc, session, "logs", "print what tasks wrote", "drover alloc logs -f --merge --since 10m web",
                 [&session, options] { return show_alloc_logs(session, *options); });
    verb->add_flag("-f,--follow", options->follow, "go on until the tasks are dead and everything was printed");
    verb->add_flag("--merge", options->merge,
                   "both outputs of every task in the order of time, each line behind its name and | or, of standard "
                   "error, !");
    verb->add_option("--since", options->since, "only what was written since TIME: 10m (ago) or 2026-11-30T12:00:00Z")
        ->type_name("TIME");
    verb->add_flag("--stderr", options->errors, "standard error instead of standard output; with --merge only it");
    verb->add_option("--tail", options->tail, "only the last N lines (of the last 256 KiB of each log)")
        ->check(CLI::Range(0U, 1'000'000U))
        ->type_name("N");
    verb->add_flag("-t,--times", options->times, "with --merge: when each line was written");
    verb->add_option("NAME", options->name, "a job, or an alloc's id or its beginning")->required()->type_name("");
    verb->add_option("TASK", options->task, "one of its tasks; may be left out when there is one")->type_name("");
}

}  // namespace drover::cli
