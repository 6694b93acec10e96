%% The workloads between gen_servers: one that counts, two that play ping-pong by casts, and one that takes parcels.
-module(benchmark_server).
-behaviour(gen_server).
-export([start_counter/0, calls/2, casts/1, ping_pong/2, cross_casts/1]).
-export([init/1, handle_call/3, handle_cast/2]).
-import(benchmark_clock, [rate/2, verify/3]).

start_counter() ->
    {ok, Pid} = gen_server:start(?MODULE, counter, []),
    Pid.

calls(1, N) ->
    Counter = start_counter(),
    Rate = rate(N, fun() -> call_times(Counter, N) end),
    finish(Counter, N),
    Rate;
calls(Clients, N) ->
    Counter = start_counter(),
    Self = self(),
    Rate = rate(Clients * N, fun() ->
        [spawn_link(fun() -> call_times(Counter, N), Self ! done end) || _ <- lists:seq(1, Clients)],
        [receive done -> ok end || _ <- lists:seq(1, Clients)]
    end),
    finish(Counter, Clients * N),
    Rate.

call_times(_, 0) -> ok;
call_times(Counter, N) ->
    _ = gen_server:call(Counter, next),
    call_times(Counter, N - 1).

casts(N) ->
    Counter = start_counter(),
    Rate = rate(N, fun() ->
        cast_times(Counter, N),
        verify("handled casts", N, gen_server:call(Counter, get, infinity))
    end),
    finish(Counter, N),
    Rate.

cast_times(_, 0) -> ok;
cast_times(Counter, N) ->
    gen_server:cast(Counter, increment),
    cast_times(Counter, N - 1).

finish(Counter, Expected) ->
    verify("handled messages", Expected, gen_server:call(Counter, get)),
    gen_server:stop(Counter).

%% The parcels carry what messages between schedulers carry. With options the partner runs somewhere else.
ping_pong(N, Options) ->
    {ok, Ponger} = gen_server:start(?MODULE, ponger, Options),
    {ok, Pinger} = gen_server:start(?MODULE, {pinger, Ponger, Options =/= []}, pinger_options(Options)),
    Rate = rate(N, fun() -> verify("round trips", N, gen_server:call(Pinger, {play, N}, infinity)) end),
    gen_server:stop(Pinger),
    gen_server:stop(Ponger),
    Rate.

pinger_options([]) -> [];
pinger_options(_) -> [{spawn_opt, [{scheduler, 1}]}].

cross_casts(N) ->
    {ok, Sink} = gen_server:start(?MODULE, counter, [{spawn_opt, [{scheduler, 2}]}]),
    Self = self(),
    Rate = rate(N, fun() ->
        take_times(Sink, Self, N),
        verify("taken messages", N, gen_server:call(Sink, get, infinity))
    end),
    gen_server:stop(Sink),
    Rate.

take_times(_, _, 0) -> ok;
take_times(Sink, Self, N) ->
    gen_server:cast(Sink, {take, 12345, Self, <<"hello world, hello actor!">>}),
    take_times(Sink, Self, N - 1).

init(counter) -> {ok, 0};
init(ponger) -> {ok, ponger};
init({pinger, Ponger, Parcels}) -> {ok, {Ponger, Parcels}};
init({child, Parent}) -> Parent ! {up, self()}, {ok, 0}.

handle_call(next, _, Count) -> {reply, Count, Count + 1};
handle_call(get, _, Count) -> {reply, Count, Count};
handle_call({play, N}, Player, {Ponger, Parcels}) ->
    send_ping(Ponger, Parcels),
    {noreply, {Ponger, Parcels, N, 0, Player}}.

handle_cast(increment, Count) -> {noreply, Count + 1};
handle_cast({take, _, _, _}, Count) -> {noreply, Count + 1};
handle_cast({ping, From}, State) ->
    gen_server:cast(From, pong),
    {noreply, State};
handle_cast({ping, Number, From, Text}, State) ->
    gen_server:cast(From, {pong, Number, self(), Text}),
    {noreply, State};
handle_cast(pong, State) -> played(State);
handle_cast({pong, _, _, _}, State) -> played(State).

played({Ponger, Parcels, N, Played, Player}) when Played + 1 =:= N ->
    gen_server:reply(Player, N),
    {noreply, {Ponger, Parcels}};
played({Ponger, Parcels, N, Played, Player}) ->
    send_ping(Ponger, Parcels),
    {noreply, {Ponger, Parcels, N, Played + 1, Player}}.

send_ping(Ponger, false) -> gen_server:cast(Ponger, {ping, self()});
send_ping(Ponger, true) -> gen_server:cast(Ponger, {ping, 12345, self(), <<"hello world, hello actor!">>}).
