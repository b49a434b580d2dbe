// /v1/store: a backup of the state-store's database, and a check of it, while it works.
#include "gateway/body.hpp"
#include "gateway/routes.hpp"
#include "gateway/views.hpp"

namespace drover::gateway {
namespace {

Reply report_reply(Result<wire::Answer> answer) {
    if (!answer) return error_reply(answer.error());
    const wire::StoreReport report = answer->store.value_or(wire::StoreReport{});
    return json_reply(Json{{"file", report.file},
                           {"bytes", report.bytes},
                           {"format", report.format},
                           {"revision", report.revision},
                           {"objects", report.objects},
                           {"events", report.events}});
}

}  // namespace

// {"name": "monday.db"}: written by the state-store into a directory of its own; "file" says where.
Reply back_up_store(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto body = parse_json_body(call, {"name"});
    if (!body) return error_reply(body.error());
    auto name = text_member(*body, "name");
    if (!name) return error_reply(name.error());
    wire::Request request;
    request.ask = wire::Ask::store_backup;
    request.path = *name;
    return report_reply(ask_for_change(context, call, std::move(request)));
}

Reply check_store(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto body = parse_json_body(call, {});
    if (!body) return error_reply(body.error());
    wire::Request request;
    request.ask = wire::Ask::store_check;
    return report_reply(context.backend.ask(std::move(request)));
}

}  // namespace drover::gateway
