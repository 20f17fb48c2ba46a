using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// Calls at a fixed rate until they are ended, whatever the answers do: who is not answered waits, and the next one calls all the same. In a process of its own, so that hundreds of calls that
/// wait are not collected where others are measured.
/// </summary>
internal sealed class OfferedLoad : IAsyncDisposable
{
    public const string Command = "offered-load";

    private readonly Process process;

    private OfferedLoad(Process process) => this.process = process;

    /// <summary>Begins to call the operations in turn.</summary>
    public static async Task<OfferedLoad> StartAsync(OperationBench bench, IReadOnlyList<Uri> operations, int perSecond)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Command, perSecond.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_gcServer"] = "0";
        var load = new OfferedLoad(Process.Start(start)!);
        await load.process.StandardInput.WriteLineAsync(bench.Hub.AdminKey);
        foreach (var operation in operations)
            await load.process.StandardInput.WriteLineAsync(operation.AbsoluteUri);

        await load.process.StandardInput.WriteLineAsync();
        await load.process.StandardInput.FlushAsync();
        return load;
    }

    /// <summary>Ends it; who still waits hangs up.</summary>
    /// <returns>How many answers of each status there were.</returns>
    public async Task<string> EndAsync()
    {
        process.StandardInput.Close();
        return (await process.StandardOutput.ReadToEndAsync()).Trim();
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>The process: a key and addresses, an empty line, and calls until the input ends.</summary>
    public static async Task<int> RunAsync(int perSecond)
    {
        var key = Console.ReadLine()!;
        var operations = new List<Uri>();
        while (Console.ReadLine() is { Length: > 0 } line)
            operations.Add(new Uri(line));

        using var client = OperationLoad.Client(int.MaxValue);
        using var ended = new CancellationTokenSource();
        var (answers, calls) = (new ConcurrentDictionary<int, int>(), new ConcurrentDictionary<long, Task>());
        var interval = (long)(Stopwatch.Frequency / (double)perSecond);
        var pacing = new Thread(() =>
        {
            var due = Stopwatch.GetTimestamp();
            for (var i = 0L; !ended.IsCancellationRequested; i++)
            {
                OperationLoad.SleepUntil(due += interval);
                var (number, call) = (i, CallAsync(operations[(int)(i % operations.Count)]));
                calls[number] = call;
                _ = call.ContinueWith(_ => calls.TryRemove(number, out var _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        });
        pacing.Start();
        await Console.In.ReadToEndAsync();
        await ended.CancelAsync();
        pacing.Join();
        await Task.WhenAll(calls.Values);
        Console.WriteLine(string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => string.Create(CultureInfo.InvariantCulture, $"{answer.Value} × {(answer.Key == 0 ? "none" : answer.Key)}"))));
        return 0;

        async Task CallAsync(Uri operation)
        {
            using var message = OperationBench.Post(operation, key);
            var status = 0;
            try
            {
                using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseContentRead, ended.Token);
                status = (int)answer.StatusCode;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                // Counted as none.
            }

            answers.AddOrUpdate(status, 1, static (_, count) => count + 1);
        }
    }
}
