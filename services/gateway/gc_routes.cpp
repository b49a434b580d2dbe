// /v1/gc: remove what has ended and is due, now, or only say what that is.
#include "gateway/body.hpp"
#include "gateway/routes.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {

// {"dry_run": true}. "due" counts all that is due, "collected" has what one round takes of it; "more": ask again.
Reply collect_garbage(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto body = parse_json_body(call, {"dry_run"});
    if (!body) return error_reply(body.error());
    auto dry_run = flag_member(*body, "dry_run");
    if (!dry_run) return error_reply(dry_run.error());
    wire::Request request;
    request.ask = wire::Ask::collect;
    request.dry_run = *dry_run;
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    Json list = Json::array();
    for (const wire::CollectedAlloc& alloc : answer->collected) {
        Json view = collected_view(alloc);
        view.erase("tasks");
        list.push_back(std::move(view));
    }
    return json_reply(
        Json{{"dry_run", *dry_run}, {"due", answer->index}, {"more", answer->more}, {"collected", std::move(list)}});
}

}  // namespace drover::gateway
