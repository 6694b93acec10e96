%% The workloads of supervisors. Nothing is logged.
-module(benchmark_supervisor).
-behaviour(supervisor).
-export([restarts/2, dynamic/1, start_child/1, init/1]).
-import(benchmark_clock, [rate/2, verify/3]).

%% So many supervisors, one after the other, each of which starts its child so often again. Only the restarts are timed.
restarts(Supervisors, Each) ->
    process_flag(trap_exit, true),
    Times = [restart_one(Each) || _ <- lists:seq(1, Supervisors)],
    Supervisors * Each * 1.0e9 / lists:sum(Times).

restart_one(Each) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {permanent, self()}),
    First = receive {up, Pid} -> Pid end,
    From = erlang:monotonic_time(nanosecond),
    kill_times(First, Each),
    Time = erlang:monotonic_time(nanosecond) - From,
    stop(Supervisor),
    Time.

kill_times(_, 0) -> ok;
kill_times(Child, N) ->
    exit(Child, kill),
    receive {up, Next} -> kill_times(Next, N - 1) end.

dynamic(N) ->
    process_flag(trap_exit, true),
    {ok, Supervisor} = supervisor:start_link(?MODULE, dynamic),
    Before = erlang:system_info(process_count),
    Start = rate(N, fun() -> [{ok, _} = supervisor:start_child(Supervisor, []) || _ <- lists:seq(1, N)] end),
    verify("living processes", Before + N, erlang:system_info(process_count)),
    Stop = rate(N, fun() -> stop(Supervisor) end),
    verify("living processes", Before - 1, erlang:system_info(process_count)),
    [{start, Start}, {stop, Stop}].

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, shutdown} -> ok end.

start_child(Argument) -> gen_server:start_link(benchmark_server, Argument, []).

init({permanent, Parent}) ->
    {ok, {#{strategy => one_for_one, intensity => 100000000, period => 1},
          [#{id => child, start => {?MODULE, start_child, [{child, Parent}]}, restart => permanent}]}};
init(dynamic) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 1, period => 1},
          [#{id => child, start => {?MODULE, start_child, [counter]}, restart => temporary, shutdown => 5000}]}}.
