using IntegrationHub.Host.Operations.Jobs;

namespace IntegrationHub.Host.Tests.Operations.Jobs;

/// <summary>The wall clock jumps while a job runs.</summary>
public sealed class JobClockTests
{
    private const string Body = """{ "params": { "amount": 5 } }""";

    [Fact]
    public async Task Clock_JumpsAheadDuringARun_TheJobIsNotRunBesideItself()
    {
        await using var hub = await OperationHub.StartAsync();
        var (calls, began, leave) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        hub.Adapter = async (_, _) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                began.SetResult();
                await leave.Task;
            }

            return OperationHub.Value("{}");
        };
        await hub.RunAsync("put", Body, query: "?async=true");
        await began.Task;

        hub.Time.Ahead = TimeSpan.FromHours(1);
        await hub.RunAsync("put", Body, query: "?async=true");
        await hub.Events.NextAsync("job.succeeded");
        leave.SetResult();
        await hub.Events.NextAsync("job.succeeded");

        await hub.Get<JobWorker>().StopAsync(CancellationToken.None);
        Assert.Equal(2, calls);
    }
}
