%% The workloads in Erlang. Started once for a workload, with its key and its parameters as arguments; runs one round for
%% each line on standard input and answers with one line of JSON; ends with its input.
-module(benchmark).
-export([main/0]).
-import(benchmark_clock, [rate/2, resident_bytes/0, verify/3, wait_for_processes/1]).

main() ->
    [Key | Given] = init:get_plain_arguments(),
    Parameters = maps:from_list([parameter(Text) || Text <- Given]),
    logger:set_primary_config(level, none),
    serve(list_to_atom(Key), Parameters).

parameter(Text) ->
    [Name, Value] = string:split(Text, "="),
    {list_to_atom(Name), list_to_integer(Value)}.

serve(Key, Parameters) ->
    case io:get_line("") of
        eof -> halt(0);
        {error, _} -> halt(1);
        _ ->
            erlang:garbage_collect(),
            io:put_chars([answer(round_of(Key, Parameters)), "\n"]),
            serve(Key, Parameters)
    end.

%% A process of its own for each round: no round finds another's heap or messages.
round_of(Key, Parameters) ->
    {Pid, Monitor} = spawn_opt(fun() -> exit({measured, run(Key, Parameters)}) end,
                               [monitor, {message_queue_data, off_heap}]),
    receive {'DOWN', Monitor, process, Pid, Reason} -> Reason end.

answer({measured, Figure}) when is_number(Figure) -> io_lib:format("{\"figures\":~w}", [Figure]);
answer({measured, Figures}) ->
    Fields = [io_lib:format("\"~s\":~w", [Name, Figure]) || {Name, Figure} <- Figures],
    ["{\"figures\":{", lists:join(",", Fields), "}}"];
answer(Problem) ->
    Text = lists:flatten(io_lib:format("~0p", [Problem])),
    ["{\"problem\":\"", [plain(Character) || Character <- Text], "\"}"].

plain($") -> $';
plain($\\) -> $/;
plain(Character) when Character < 32 -> $\s;
plain(Character) -> Character.

run('spawn-100k', #{processes := N}) -> spawn_rate(N, fun start_raw/1);
run('spawn-1m', #{processes := N}) -> spawn_rate(N, fun start_raw/1);
run('start-server-100k', #{processes := N}) -> spawn_rate(N, fun start_servers/1);
run('memory-raw', #{processes := N}) -> bytes_each(N, fun start_raw/1);
run('memory-server', #{processes := N}) -> bytes_each(N, fun start_servers/1);
run('million-servers', #{processes := N}) -> million_servers(N);
run(churn, #{processes := N}) -> rate(N, fun() -> churn(N) end);
run('churn-await', #{processes := N}) -> rate(N, fun() -> churn_await(N) end);
run('ping-pong', #{rounds := N}) ->
    Pong = spawn_link(fun pong/0),
    Rate = rate(N, fun() -> ping(Pong, N) end),
    stop_linked(Pong),
    Rate;
run('ping-pong-server', #{rounds := N}) -> benchmark_server:ping_pong(N, []);
run('ring-1000', #{processes := K, hops := N}) -> ring(K, N);
run('ring-503', #{processes := K, hops := N}) -> ring(K, N);
run('fan-in', #{senders := K, messagesEach := N}) ->
    Self = self(),
    rate(K * N, fun() ->
        times(K, fun() -> spawn(fun() -> send_numbered(Self, N) end) end),
        Expected = K * N * (N + 1) div 2,
        verify("sum of the messages", Expected, sum_messages(K * N, 0))
    end);
run('all-to-all', #{processes := K, games := Games}) ->
    rate(Games * 2 * K * (K - 1), fun() -> times(Games, fun() -> all_to_all(K) end) end);
run('call-1', #{callsEach := N}) -> benchmark_server:calls(1, N);
run('call-100', #{clients := K, callsEach := N}) -> benchmark_server:calls(K, N);
run(cast, #{casts := N}) -> benchmark_server:casts(N);
run('call-behind-10k', #{waiting := Waiting, calls := N}) ->
    send_numbered(self(), Waiting),
    Rate = benchmark_server:calls(1, N),
    verify("messages that still wait", Waiting, flush(0)),
    Rate;
run('receive-tag-behind-10k', #{waiting := Waiting, rounds := N}) ->
    Self = self(),
    Echo = spawn_link(fun() -> echo(Self) end),
    send_numbered(Self, Waiting),
    Rate = rate(N, fun() -> ask(Echo, N) end),
    stop_linked(Echo),
    verify("messages that still wait", Waiting, flush(0)),
    Rate;
run('parallel-cpu', #{processes := K, fib := N}) -> compute(K, N);
run('parallel-cpu-2', #{processes := K, fib := N, turns := Turns}) -> compute_in_turns(K, N, Turns);
run('kill-monitored', #{processes := N}) ->
    Pids = [element(1, spawn_monitor(fun idle/0)) || _ <- lists:seq(1, N)],
    rate(N, fun() -> kill_all(Pids), downs(N) end);
run('monitor-demonitor', #{times := N}) ->
    Pid = spawn_link(fun idle/0),
    Rate = rate(N, fun() -> monitor_demonitor(Pid, N) end),
    stop_linked(Pid),
    Rate;
run('link-fan', #{processes := N}) -> link_fan(N);
run('supervisor-restart', #{supervisors := K, restartsEach := N}) -> benchmark_supervisor:restarts(K, N);
run('supervisor-restart-100', #{supervisors := K, restartsEach := N}) -> benchmark_supervisor:restarts(K, N);
run('dynamic-start', #{children := N}) -> proplists:get_value(start, benchmark_supervisor:dynamic(N));
run('dynamic-stop', #{children := N}) -> proplists:get_value(stop, benchmark_supervisor:dynamic(N));
run('timer-cancel', #{timers := N}) -> rate(N, fun() -> set_and_cancel(N) end);
run('timer-fire', #{timers := N}) ->
    rate(N, fun() ->
        [erlang:send_after(1 + I rem 10, self(), fired) || I <- lists:seq(1, N)],
        take(fired, N)
    end);
run('latency-0', Parameters) -> latency(Parameters);
run('latency-2', Parameters) -> latency(Parameters);
run('cross-one-way', #{messages := N}) -> on_first(fun() -> cross_one_way(N) end);
run('cross-one-way-server', #{messages := N}) -> on_first(fun() -> benchmark_server:cross_casts(N) end);
run('cross-ping-pong', #{rounds := N}) -> on_first(fun() -> cross_ping_pong(N) end);
run('cross-ping-pong-server', #{rounds := N}) ->
    on_first(fun() -> benchmark_server:ping_pong(N, [{spawn_opt, [{scheduler, 2}]}]) end).

times(0, _) -> ok;
times(N, Do) -> Do(), times(N - 1, Do).

%% Takes so many of one message.
take(_, 0) -> ok;
take(Message, N) -> receive Message -> take(Message, N - 1) end.

idle() -> receive stop -> ok end.
kill_all(Pids) -> lists:foreach(fun(Pid) -> exit(Pid, kill) end, Pids).
stop_linked(Pid) -> unlink(Pid), exit(Pid, kill), ok.

%% W1: starting processes, and their memory

start_raw(N) ->
    Self = self(),
    Pids = start_idle(N - 1, []),
    Last = spawn(fun() -> Self ! last, idle() end),
    receive last -> [Last | Pids] end.

start_idle(0, Pids) -> Pids;
start_idle(N, Pids) -> start_idle(N - 1, [spawn(fun idle/0) | Pids]).

start_servers(N) -> [benchmark_server:start_counter() || _ <- lists:seq(1, N)].

spawn_rate(N, Start) ->
    Before = erlang:system_info(process_count),
    {Rate, Pids} = rate_of(N, Start),
    verify("living processes", Before + N, erlang:system_info(process_count)),
    kill_all(Pids),
    wait_for_processes(Before),
    Rate.

rate_of(N, Start) ->
    From = erlang:monotonic_time(nanosecond),
    Pids = Start(N),
    {N * 1.0e9 / (erlang:monotonic_time(nanosecond) - From), Pids}.

bytes_each(N, Start) ->
    Processes = erlang:system_info(process_count),
    erlang:garbage_collect(),
    Before = erlang:memory(total),
    Pids = Start(N),
    erlang:garbage_collect(),
    After = erlang:memory(total),
    kill_all(Pids),
    wait_for_processes(Processes),
    (After - Before) / N.

million_servers(N) ->
    Before = erlang:system_info(process_count),
    {Rate, Pids} = rate_of(N, fun start_servers/1),
    Zeros = length([zero || Pid <- Pids, gen_server:call(Pid, next) =:= 0]),
    verify("servers that answered", N, Zeros),
    verify("living processes", Before + N, erlang:system_info(process_count)),
    Memory = resident_bytes(),
    kill_all(Pids),
    wait_for_processes(Before),
    [{memory, Memory}, {rate, Rate}].

%% W2: churn

churn(1) ->
    Self = self(),
    spawn(fun() -> Self ! last end),
    receive last -> ok end;
churn(N) ->
    spawn(fun() -> ok end),
    churn(N - 1).

churn_await(0) -> ok;
churn_await(N) ->
    {_, Monitor} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Monitor, process, _, normal} -> churn_await(N - 1) end.

%% W3 to W6: messages

pong() -> receive {ping, From} -> From ! pong, pong() end.

ping(_, 0) -> ok;
ping(Pong, N) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, N - 1) end.

ring(K, Hops) ->
    Self = self(),
    Last = spawn_link(fun() -> receive {next, Next} -> node_of(Next, Self) end end),
    Nodes = ring_nodes(K - 1, [Last], Self),
    First = hd(Nodes),
    Last ! {next, First},
    Rate = rate(Hops, fun() -> First ! Hops, receive done -> ok end end),
    lists:foreach(fun stop_linked/1, Nodes),
    Rate.

ring_nodes(0, Nodes, _) -> Nodes;
ring_nodes(K, [Next | _] = Nodes, Main) -> ring_nodes(K - 1, [spawn_link(fun() -> node_of(Next, Main) end) | Nodes], Main).

node_of(Next, Main) ->
    receive
        0 -> Main ! done;
        Hops -> Next ! Hops - 1
    end,
    node_of(Next, Main).

send_numbered(_, 0) -> ok;
send_numbered(To, N) -> To ! {message, N}, send_numbered(To, N - 1).

sum_messages(0, Sum) -> Sum;
sum_messages(N, Sum) -> receive {message, Number} -> sum_messages(N - 1, Sum + Number) end.

flush(N) -> receive {message, _} -> flush(N + 1) after 0 -> N end.

all_to_all(K) ->
    Self = self(),
    Players = [spawn(fun() -> receive {go, All} -> play(All, K - 1, Self) end end) || _ <- lists:seq(1, K)],
    [Player ! {go, Players} || Player <- Players],
    take(played, K),
    kill_all(Players).

play(All, Others, Main) ->
    Self = self(),
    [Other ! {ping, Self} || Other <- All, Other =/= Self],
    play_on(Others, Others),
    Main ! played,
    idle().

play_on(0, 0) -> ok;
play_on(Pings, Pongs) ->
    receive
        {ping, From} -> From ! pong, play_on(Pings - 1, Pongs);
        pong -> play_on(Pings, Pongs - 1)
    end.

%% W8: receiving past what waits

echo(To) -> receive {question, N} -> To ! {answer, N}, echo(To) end.

ask(_, 0) -> ok;
ask(Echo, N) ->
    Echo ! {question, N},
    receive {answer, N} -> ask(Echo, N - 1) end.

%% W9: computing

compute(K, N) ->
    Self = self(),
    Expected = {result, fib(N)},
    rate(K, fun() ->
        times(K, fun() -> spawn(fun() -> Self ! {result, fib(N)} end) end),
        take(Expected, K)
    end).

%% One scheduler and all of them take turns. For the one the others are offline: processes that are only bound to one
%% scheduler of several run at half the rate of a BEAM with one.
compute_in_turns(K, N, Turns) ->
    All = erlang:system_info(schedulers_online),
    Times = [{1 / compute_on(1, K, N), 1 / compute_on(All, K, N)} || _ <- lists:seq(1, Turns)],
    {Ones, Alls} = lists:unzip(Times),
    [{rate, Turns / lists:sum(Alls)}, {speedup, lists:sum(Ones) / lists:sum(Alls)}].

compute_on(Schedulers, K, N) ->
    erlang:system_flag(schedulers_online, Schedulers),
    verify("schedulers online", Schedulers, erlang:system_info(schedulers_online)),
    compute(K, N).

fib(0) -> 0;
fib(1) -> 1;
fib(N) -> fib(N - 1) + fib(N - 2).

%% W10: links and monitors

monitor_demonitor(_, 0) -> ok;
monitor_demonitor(Pid, N) ->
    demonitor(monitor(process, Pid)),
    monitor_demonitor(Pid, N - 1).

downs(0) -> ok;
downs(N) -> receive {'DOWN', _, process, _, killed} -> downs(N - 1) end.

link_fan(N) ->
    Self = self(),
    Root = spawn(fun() -> Self ! {linked, [spawn_link(fun idle/0) || _ <- lists:seq(1, N)]}, idle() end),
    Pids = receive {linked, Linked} -> Linked end,
    [monitor(process, Pid) || Pid <- Pids],
    rate(N, fun() -> exit(Root, kill), downs(N) end).

%% W13: timers

set_and_cancel(0) -> ok;
set_and_cancel(N) ->
    true = is_integer(erlang:cancel_timer(erlang:send_after(5000 + N band 1023, self(), fired))),
    set_and_cancel(N - 1).

%% W14: latency

latency(#{hogs := Hogs, warmUp := WarmUp, roundTrips := N}) ->
    Pong = spawn_link(fun pong/0),
    Busy = [spawn(fun() -> hog(0) end) || _ <- lists:seq(1, Hogs)],
    round_trips(Pong, WarmUp, []),
    Sorted = list_to_tuple(lists:sort(round_trips(Pong, N, []))),
    kill_all(Busy),
    stop_linked(Pong),
    [{Name, element(max(1, ceil(N * Part)), Sorted) / 1000} || {Name, Part} <- [{p50, 0.5}, {p99, 0.99}, {'p99.9', 0.999}]].

hog(N) -> hog(N + 1).

round_trips(_, 0, Times) -> Times;
round_trips(Pong, N, Times) ->
    From = erlang:monotonic_time(nanosecond),
    Pong ! {ping, self()},
    receive pong -> round_trips(Pong, N - 1, [erlang:monotonic_time(nanosecond) - From | Times]) end.

%% W15: between schedulers

on_first(Run) ->
    {Pid, Monitor} = spawn_opt(fun() -> exit({on_first, Run()}) end, [monitor, {scheduler, 1}]),
    receive
        {'DOWN', Monitor, process, Pid, {on_first, Result}} -> Result;
        {'DOWN', Monitor, process, Pid, Reason} -> exit(Reason)
    end.

cross_one_way(N) ->
    Self = self(),
    Drain = spawn_opt(fun() -> drain(N), Self ! drained end, [{scheduler, 2}]),
    rate(N, fun() ->
        cross_send(Drain, N),
        receive drained -> ok end
    end).

cross_send(_, 0) -> ok;
cross_send(To, N) -> To ! {call, 12345, self(), <<"hello world, hello actor!">>}, cross_send(To, N - 1).

drain(0) -> ok;
drain(N) -> receive {call, _, _, _} -> drain(N - 1) end.

cross_ping_pong(N) ->
    Echo = spawn_opt(fun cross_echo/0, [link, {scheduler, 2}]),
    Rate = rate(N, fun() -> cross_ask(Echo, N) end),
    stop_linked(Echo),
    Rate.

cross_echo() -> receive {call, Number, From, Text} -> From ! {reply, Number, self(), Text}, cross_echo() end.

cross_ask(_, 0) -> ok;
cross_ask(Echo, N) ->
    Echo ! {call, 12345, self(), <<"hello world, hello actor!">>},
    receive {reply, _, _, _} -> cross_ask(Echo, N - 1) end.
