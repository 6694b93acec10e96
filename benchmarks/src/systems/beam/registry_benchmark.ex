# The workloads of W12 with Elixir's Registry. Started once for a workload, with its key and its parameters as arguments;
# runs one round for each line on standard input and answers with one line of JSON; ends with its input.
defmodule RegistryBenchmark do
  def main do
    [key | given] = System.argv()

    parameters =
      Map.new(given, fn text ->
        [name, value] = String.split(text, "=", parts: 2)
        {String.to_atom(name), String.to_integer(value)}
      end)

    serve(key, parameters)
  end

  defp serve(key, parameters) do
    case IO.read(:stdio, :line) do
      line when is_binary(line) ->
        :erlang.garbage_collect()
        IO.puts(answer(round_of(key, parameters)))
        serve(key, parameters)

      _ ->
        System.halt(0)
    end
  end

  # A process of its own for each round: no round finds another's heap or messages.
  defp round_of(key, parameters) do
    {pid, monitor} = spawn_monitor(fn -> exit({:measured, run(key, parameters)}) end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, reason} -> reason
    end
  end

  defp answer({:measured, figure}), do: ~s({"figures":#{figure}})

  defp answer(problem) do
    text = problem |> inspect() |> String.replace(["\"", "\\", "\n"], "'")
    ~s({"problem":"#{text}"})
  end

  defp rate(operations, work) do
    from = System.monotonic_time(:nanosecond)
    work.()
    operations * 1.0e9 / max(1, System.monotonic_time(:nanosecond) - from)
  end

  defp run("registry-dispatch", %{processes: processes, times: times}) do
    stop = start(:duplicate)
    me = self()

    pids =
      for _ <- 1..processes do
        spawn_link(fn ->
          {:ok, _} = Registry.register(__MODULE__, "topic", nil)
          send(me, :up)
          answer_all()
        end)
      end

    for _ <- pids, do: receive(do: (:up -> :ok))
    :erlang.garbage_collect()

    figure =
      rate(processes * times, fn ->
        for _ <- 1..times do
          Registry.dispatch(__MODULE__, "topic", fn entries ->
            for {pid, _} <- entries, do: send(pid, {:told, me})
          end)

          for _ <- pids, do: receive(do: (:answer -> :ok))
        end
      end)

    for pid <- pids do
      Process.unlink(pid)
      Process.exit(pid, :kill)
    end

    stop.()
    figure
  end

  defp run(key, %{names: count, times: times}) do
    stop = start(:unique)
    names = Enum.map(1..count, &"name-#{&1}")

    register = fn ->
      Enum.each(names, fn name -> {:ok, _} = Registry.register(__MODULE__, name, nil) end)
    end

    figure =
      case key do
        "registry-register" ->
          rate(count, register)

        "registry-lookup" ->
          register.()
          :erlang.garbage_collect()

          rate(count * times, fn ->
            again(times, fn ->
              Enum.each(names, fn name -> [{_, nil}] = Registry.lookup(__MODULE__, name) end)
            end)
          end)

        "registry-whereis" ->
          register.()
          :erlang.garbage_collect()
          me = self()

          rate(count * times, fn ->
            again(times, fn ->
              Enum.each(names, fn name -> ^me = Registry.whereis_name({__MODULE__, name}) end)
            end)
          end)
      end

    ^count = Registry.count(__MODULE__)
    stop.()
    figure
  end

  defp start(keys) do
    Process.flag(:trap_exit, true)
    {:ok, supervisor} = Registry.start_link(keys: keys, name: __MODULE__)
    fn -> Supervisor.stop(supervisor) end
  end

  defp again(0, _), do: :ok

  defp again(times, work) do
    work.()
    again(times - 1, work)
  end

  defp answer_all do
    receive do
      {:told, from} ->
        send(from, :answer)
        answer_all()
    end
  end
end
