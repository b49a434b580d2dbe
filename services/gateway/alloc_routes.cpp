// /v1/allocs, logs apart.
#include "gateway/body.hpp"
#include "gateway/event_query.hpp"
#include "gateway/routes.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

// Short prefixes would hit by accident, and an alloc's id is 16 digits.
constexpr std::size_t kMinPrefix = 2;
constexpr std::size_t kCandidates = 5;
// How many events one alloc's view may hold.
constexpr std::size_t kMaxEvents = 20'000;

Result<wire::Request> read_order(const Call& call, const AllocEntry& entry) {
    const std::string& verb = call.path[3];
    std::vector<std::string_view> names = {"task"};
    if (verb == "signal") names.push_back("signal");
    if (verb == "restart") names.push_back("all");
    if (verb != "signal") names.push_back("no_shutdown_delay");
    auto body = parse_json_body(call, names);
    if (!body) return tl::unexpected(body.error());
    auto task = text_member(*body, "task");
    auto signal = text_member(*body, "signal");
    auto all = flag_member(*body, "all");
    auto no_delay = flag_member(*body, "no_shutdown_delay");
    if (!task) return tl::unexpected(task.error());
    if (!signal) return tl::unexpected(signal.error());
    if (!all) return tl::unexpected(all.error());
    if (!no_delay) return tl::unexpected(no_delay.error());
    if (verb == "signal" && signal->empty()) {
        return fail(ErrorKind::invalid, "say which signal to send: {\"signal\": \"SIGHUP\"}");
    }
    wire::Request request;
    request.ask = verb == "stop"      ? wire::Ask::alloc_stop
                  : verb == "restart" ? wire::Ask::alloc_restart
                                      : wire::Ask::alloc_signal;
    if (verb == "stop" && !task->empty()) {
        return fail(ErrorKind::invalid, "an alloc is stopped as a whole; a single task can be restarted or signalled");
    }
    request.alloc = entry.desired->id;
    request.job = entry.desired->job;
    request.task = std::move(*task);
    request.signal = std::move(*signal);
    request.all = *all;
    request.no_shutdown_delay = *no_delay;
    return request;
}

// Of an alloc that was removed, what is kept and its events.
Reply show_collected(const Context& context, const Call& call, const Error& unknown) {
    using Records = std::vector<Shared<wire::CollectedAlloc>>;
    const std::string& prefix = call.path[2];
    auto records =
        look<Records>(context.backend, [prefix](const Mirror& m, Instant) { return m.find_collected(prefix, 2); });
    if (!records) return error_reply(records.error());
    if (records->empty()) return error_reply(unknown);
    const wire::CollectedAlloc& record = *records->front();
    if (records->size() > 1) {
        return error_reply(
            Error{ErrorKind::conflict, "\"" + prefix + "\" begins the id of more than one removed alloc: " + record.id +
                                           ", " + (*records)[1]->id});
    }
    auto events = all_events(context.backend, {.job = record.job, .alloc = record.id, .task = ""}, kMaxEvents);
    if (!events) return error_reply(events.error());
    return json_reply(with_events(collected_view(record), *events));
}

}  // namespace

Result<AllocEntry> find_alloc(Backend& backend, const std::string& prefix) {
    if (prefix.size() < kMinPrefix) {
        return fail(ErrorKind::invalid, "\"" + prefix + "\" is too short: give at least two digits of the alloc's id");
    }
    auto found = look<std::vector<AllocEntry>>(
        backend, [prefix](const Mirror& m, Instant) { return m.find_allocs(prefix, kCandidates + 1); });
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) {
        return fail(ErrorKind::not_found,
                    "there is no alloc \"" + prefix + "\"; `drover job status NAME` lists the allocs of a job");
    }
    if (found->size() == 1) return found->front();
    std::string ids;
    for (std::size_t i = 0; i < found->size() && i < kCandidates; ++i) {
        ids += (ids.empty() ? "" : ", ") + (*found)[i].desired->id;
    }
    if (found->size() > kCandidates) ids += ", ...";
    return fail(ErrorKind::conflict, "\"" + prefix + "\" begins more than one alloc's id: " + ids);
}

Reply list_allocs(const Context& context, const Call& call) {
    if (auto known = call.allow({"job"}); !known) return error_reply(known.error());
    const std::string job = call.param("job");
    auto allocs =
        look<std::vector<AllocEntry>>(context.backend, [job](const Mirror& m, Instant) { return m.allocs(job); });
    if (!allocs) return error_reply(allocs.error());
    Json list = Json::array();
    for (const AllocEntry& entry : *allocs) list.push_back(alloc_view(entry));
    return json_reply(Json{{"allocs", std::move(list)}});
}

Reply show_alloc(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto entry = find_alloc(context.backend, call.path[2]);
    if (!entry && entry.error().kind == ErrorKind::not_found) return show_collected(context, call, entry.error());
    if (!entry) return error_reply(entry.error());
    EventFilter filter{.job = entry->desired->job, .alloc = entry->desired->id};
    auto events = all_events(context.backend, filter, kMaxEvents);
    if (!events) return error_reply(events.error());
    // Looked up again after the events, so that the status is never older than what they say.
    if (auto again = find_alloc(context.backend, entry->desired->id)) entry = again;
    return json_reply(alloc_view(*entry, *events));
}

Reply order_alloc(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto entry = find_alloc(context.backend, call.path[2]);
    if (!entry) return error_reply(entry.error());
    auto request = read_order(call, *entry);
    if (!request) return error_reply(request.error());
    auto answer = ask_for_change(context, call, std::move(*request));
    if (!answer) return error_reply(answer.error());
    return json_reply(Json{{"id", entry->desired->id}, {"order", call.path[3]}});
}

}  // namespace drover::gateway
