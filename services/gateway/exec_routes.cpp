// /v1/allocs/ID/exec and /v1/exec/SESSION: commands beside tasks.
#include <algorithm>

#include "gateway/body.hpp"
#include "gateway/routes.hpp"
#include "os/signal_names.hpp"

namespace drover::gateway {
namespace {

constexpr std::size_t kMaxCommandWords = 256;
constexpr std::size_t kMaxCommandBytes = 16 << 10;
constexpr std::uint32_t kMaxSide = 10'000;      // of a terminal
constexpr Duration kExecBeat = seconds(1);      // between looks whether the reader is still there
constexpr Duration kExecLongest = seconds(30);  // of one answer that says nothing

Result<std::string> choose_task(const wire::AllocDesired& alloc, const std::string& wanted) {
    std::string names;
    for (const wire::TaskSpec& task : alloc.group.tasks) {
        if (task.name == wanted) return wanted;
        names += (names.empty() ? "" : ", ") + task.name;
    }
    if (wanted.empty() && alloc.group.tasks.size() == 1) return alloc.group.tasks.front().name;
    const std::string id = alloc.id.substr(0, 8);
    if (wanted.empty())
        return fail(ErrorKind::invalid, "alloc " + id + " has more than one task; say --task with one of: " + names);
    return fail(ErrorKind::not_found, "alloc " + id + " has no task \"" + wanted + "\"; it has: " + names);
}

Result<std::vector<std::string>> read_command(const Json& body) {
    const auto refuse = [] {
        return fail(ErrorKind::invalid,
                    "say what to run: {\"command\": [\"sh\", \"-c\", \"date\"]}, at most 256 words and 16 KiB");
    };
    if (!body.contains("command") || !body["command"].is_array() || body["command"].size() > kMaxCommandWords)
        return refuse();
    std::vector<std::string> words;
    std::size_t bytes = 0;
    for (const Json& word : body["command"]) {
        if (!word.is_string()) return refuse();
        words.push_back(word.get<std::string>());
        bytes += words.back().size();
    }
    if (words.empty() || words.front().empty() || bytes > kMaxCommandBytes) return refuse();
    return words;
}

Result<std::uint32_t> side_member(const Json& body, const char* name) {
    if (!body.contains(name)) return 0U;
    if (body[name].is_number_unsigned() && body[name].get<std::uint64_t>() <= kMaxSide)
        return body[name].get<std::uint32_t>();
    return fail(ErrorKind::invalid, "the body's \"" + std::string(name) + "\" must be a number up to 10000");
}

Result<void> read_size(const Json& body, std::uint32_t& rows, std::uint32_t& columns) {
    const auto height = side_member(body, "rows");
    const auto width = side_member(body, "columns");
    if (!height) return tl::unexpected(height.error());
    if (!width) return tl::unexpected(width.error());
    rows = *height;
    columns = *width;
    return {};
}

Result<wire::SessionDesired> read_wanted(const Context& context, const Call& call) {
    const auto body = parse_json_body(call, {"task", "command", "tty", "tty_type", "rows", "columns", "input", "user"});
    if (!body) return tl::unexpected(body.error());
    const auto alloc = find_alloc(context.backend, call.path[2]);
    if (!alloc) return tl::unexpected(alloc.error());
    auto task_name = text_member(*body, "task");
    auto command = read_command(*body);
    const auto tty = flag_member(*body, "tty");
    auto tty_type = text_member(*body, "tty_type");
    const auto input = flag_member(*body, "input");
    auto user = text_member(*body, "user");
    for (const auto* text : {&task_name, &tty_type, &user})
        if (!*text) return tl::unexpected(text->error());
    for (const auto* flag : {&tty, &input})
        if (!*flag) return tl::unexpected(flag->error());
    if (!command) return tl::unexpected(command.error());
    auto task = choose_task(*alloc->desired, *task_name);
    if (!task) return tl::unexpected(task.error());
    wire::SessionDesired wanted;
    wanted.node = alloc->desired->node;
    wanted.alloc = alloc->desired->id;
    wanted.task = std::move(*task);
    wanted.command = std::move(*command);
    wanted.by = caller(call.peer, *user);
    wanted.tty = *tty;
    wanted.tty_type = tty_type->empty() ? "dumb" : std::move(*tty_type);
    wanted.takes_input = *input;
    if (auto size = read_size(*body, wanted.rows, wanted.columns); !size) return tl::unexpected(size.error());
    return wanted;
}

std::string exec_frame(const SessionPiece& piece) {
    return "out " + std::to_string(piece.number) + " " + std::to_string(piece.bytes.size()) + " " + piece.stream +
           "\n" + piece.bytes;
}

std::string exec_frame(const SessionNews& news) {
    return "end " + dump(Json{{"code", news.code}, {"error", news.error}}) + "\n";
}

// What was written is kept until the next answer is asked for, which says what has arrived; so one answer holds no more
// than is kept.
bool pump_exec(Backend& backend, const std::string& id, std::uint64_t heard, SessionNews news, const Write& write) {
    std::uint64_t after = heard;
    Duration silent{};
    while (!backend.closing()) {
        for (const SessionPiece& piece : news.pieces) {
            if (!write(exec_frame(piece))) return false;
            after = piece.number;
        }
        if (news.ended) return write(exec_frame(news));
        silent = news.pieces.empty() ? silent + kExecBeat : Duration{};
        if (after - heard >= Sessions::kMaxUnheard || silent >= kExecLongest) return true;
        if (news.pieces.empty() && !write("beat\n")) return false;
        auto next = backend.read_session(id, heard, after, kExecBeat);
        if (!next) return false;
        news = std::move(*next);
    }
    return false;
}

}  // namespace

Reply open_exec(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto wanted = read_wanted(context, call);
    if (!wanted) return error_reply(wanted.error());
    const Json answer{{"alloc", wanted->alloc}, {"task", wanted->task}};
    auto session = context.backend.open_session(std::move(*wanted));
    if (!session) return error_reply(session.error());
    Json view = answer;
    view["session"] = *session;
    return json_reply(view);
}

Reply read_exec(const Context& context, const Call& call) {
    if (auto known = call.allow({"heard"}); !known) return error_reply(known.error());
    const auto heard = call.number("heard", 0);
    if (!heard) return error_reply(heard.error());
    Backend& backend = context.backend;
    const std::string id = call.path[2];
    auto news = backend.read_session(id, *heard, *heard, kExecBeat);
    if (!news) return error_reply(news.error());
    return {.type = "application/octet-stream",
            .stream = [&backend, id, heard = *heard,
                       news = *news](const Write& write) { return pump_exec(backend, id, heard, news, write); },
            .headers = {{"Cache-Control", "no-store"}}};
}

Reply write_exec(const Context& context, const Call& call) {
    if (auto known = call.allow({"number", "last"}); !known) return error_reply(known.error());
    const auto number = call.number("number", 0);
    const auto last = call.flag("last");
    if (!number) return error_reply(number.error());
    if (!last) return error_reply(last.error());
    if (call.body.size() > wire::kSessionPiece)
        return error_reply(413, ErrorKind::invalid, "a piece of input has at most 16384 bytes");
    auto taken = context.backend.write_session(call.path[2], *number, call.body, *last);
    if (!taken) return error_reply(taken.error());
    return json_reply(Json{{"taken", *taken}});
}

Reply resize_exec(const Context& context, const Call& call) {
    const auto body = parse_json_body(call, {"rows", "columns"});
    if (!body) return error_reply(body.error());
    std::uint32_t rows = 0, columns = 0;
    if (auto read = read_size(*body, rows, columns); !read) return error_reply(read.error());
    if (auto done = context.backend.resize_session(call.path[2], rows, columns); !done)
        return error_reply(done.error());
    return json_reply(Json::object());
}

Reply signal_exec(const Context& context, const Call& call) {
    const auto body = parse_json_body(call, {"signal"});
    if (!body) return error_reply(body.error());
    const auto name = text_member(*body, "signal");
    if (!name) return error_reply(name.error());
    if (const auto number = os::signal_number(*name); !number) return error_reply(number.error());
    if (auto done = context.backend.signal_session(call.path[2], *name); !done) return error_reply(done.error());
    return json_reply(Json::object());
}

Reply close_exec(const Context& context, const Call& call) {
    context.backend.close_session(call.path[2]);
    return json_reply(Json::object());
}

}  // namespace drover::gateway
