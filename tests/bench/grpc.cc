// gRPC C++'s side: typed calls that go straight to the service, with no NATS server between. bench.mode, for a service:
// "sync" (gRPC's default: a call has a thread while its handler runs) or "async" (the callback interface).
//
// Asynchronous calls use the callback interface, too. A completion queue with one thread, 256 in flight, 2 cores, was 0
// to 7% slower to an "async" service; to a "sync" one it was 20 to 30% faster, yet a third below either to an "async"
// one.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "examples/echo.grpc.pb.h"
#include "side.h"

using examples::v1::Echo;
using examples::v1::EchoReply;
using examples::v1::EchoRequest;

namespace
{

constexpr uint32_t slots_max = 1 << 17;

// What a call in flight needs, kept for the slot's next one. gRPC permits a context one call only.
struct Slot {
    std::optional<grpc::ClientContext> context;
    EchoRequest request;
    EchoReply reply;
};

void check(const grpc::Status &status, const EchoReply &reply)
{
    if (!status.ok()) bench_die("call", status.error_message().c_str());
    bench_check(reply.payload().data(), reply.payload().size());
}

} // namespace

struct side_conn {
    std::unique_ptr<Echo::Stub> stub;
    std::vector<std::unique_ptr<Slot>> slots{ slots_max }; // made when first used; each is its call's alone
    std::unique_ptr<grpc::Service> service;
    std::unique_ptr<grpc::Server> server;
};

namespace
{

// A channel connects with its first call: a program that serves has one and never connects it.
side_conn *open()
{
    if (bench.tls_ca != nullptr) bench_die("tls_ca", "there is no TLS here");
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);         // whatever the environment says
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // each channel has its own connection
    auto c = std::make_unique<side_conn>();
    c->stub = Echo::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(bench.port),
                                                      grpc::InsecureChannelCredentials(), arguments));
    return c.release();
}

void close(side_conn *c)
{
    if (c->server != nullptr) c->server->Shutdown(std::chrono::system_clock::now());
    delete c;
}

// ---- Serving ----

void answer(const EchoRequest &request, EchoReply *reply)
{
    bench_work();
    reply->set_payload(request.payload());
}

class SyncService final : public Echo::Service
{
    grpc::Status Echo(grpc::ServerContext *, const EchoRequest *request, EchoReply *reply) override
    {
        answer(*request, reply);
        return grpc::Status::OK;
    }
};

class AsyncService final : public Echo::CallbackService
{
    grpc::ServerUnaryReactor *Echo(grpc::CallbackServerContext *context, const EchoRequest *request,
                                   EchoReply *reply) override
    {
        answer(*request, reply);
        grpc::ServerUnaryReactor *reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }
};

uint32_t serve(side_conn *c)
{
    const std::string_view mode = bench.mode;
    if (mode == "async") c->service = std::make_unique<AsyncService>();
    else if (mode == "" || mode == "sync") c->service = std::make_unique<SyncService>();
    else bench_die("mode", "is sync or async");
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(c->service.get());
    c->server = builder.BuildAndStart();
    if (c->server == nullptr || port == 0) bench_die("serve", "no server");
    return static_cast<uint32_t>(port);
}

// ---- Calls ----

void call(side_conn *c)
{
    grpc::ClientContext context;
    EchoRequest request;
    EchoReply reply;
    request.set_payload(bench.payload, bench.payload_size);
    check(c->stub->Echo(&context, request, &reply), reply);
}

void begin(side_conn *c, uint32_t index)
{
    if (index >= slots_max) bench_die("begin", "too many slots");
    if (c->slots[index] == nullptr) c->slots[index] = std::make_unique<Slot>();
    Slot *s = c->slots[index].get();
    s->context.emplace();
    s->request.set_payload(bench.payload, bench.payload_size);
    c->stub->async()->Echo(&*s->context, &s->request, &s->reply, [c, s, index](const grpc::Status &status) {
        check(status, s->reply);
        if (bench_done(index)) begin(c, index);
    });
}

} // namespace

extern "C" const struct side side = {
    .name = "grpc",
    .call_subject = nullptr,
    .open = open,
    .close = close,
    .serve = serve,
    .call = call,
    .begin = begin,
    .start = nullptr,
    .publish = nullptr,
    .flush = nullptr,
    .subscribe = nullptr,
};
