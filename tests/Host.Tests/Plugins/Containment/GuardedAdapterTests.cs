using System.Diagnostics;
using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>A plugin's adapter that a test writes, behind the boundary.</summary>
#pragma warning disable CA1001 // xunit disposes it asynchronously.
public sealed class GuardedAdapterTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly FakeTimeProvider time = new();
    private readonly QuarantineRequests requests = new();
    private readonly PluginLimits limits = new() { ConcurrentCalls = 2, ResultBytes = 1000 };
    private readonly ScriptedPlugin plugin = new();
    private readonly PluginThreads threads = new("acme", 8);
    private readonly FaultLedger ledger;
    private readonly GuardedAdapter guard;

    public GuardedAdapterTests()
    {
        ledger = new FaultLedger("acme", new QuarantineOptions(), requests, time, NullLogger.Instance);
        guard = new GuardedAdapter(plugin, "acme", ledger, threads, new LogBudget("acme", limits, ledger, time, NullLogger.Instance), limits, time, NullLogger.Instance);
    }

    public static TheoryData<string, string> Garbage => new()
    {
        { "null", "" },
        { "undefined value", "" },
        { "value of a disposed document", "" },
        { "value too long", "" },
        { "value too deep", "" },
        { "value with comments", "" },
        { "value of invalid UTF-8", "" },
        { "error of no category", "" },
        { "cursor without end", "" },
        { "content without stream", "" },
        { "content of negative length", "" },
        { "content of a type with a line break", "" },
        { "issues that throw", "" },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Execute_Garbage_IsATypedErrorAndAFault(string what, string secret)
    {
        plugin.Execute = (_, _) => ValueTask.FromResult(Make(what))!;
        for (var i = 0; i < 5; i++)
        {
            Assert.False(ledger.IsClosed);
            var error = (await ExecuteAsync()).Error!;
            Assert.Equal(ErrorCategory.ProviderError, error.Category);
            Assert.True(error.OutcomeUnknown);
            Assert.DoesNotContain("Exception", error.Message + secret, StringComparison.Ordinal);
        }

        Assert.True(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_OddButUsableError_IsMadeUsable()
    {
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError
        {
            Category = ErrorCategory.Declined, Message = null!, ProviderCode = new string('x', 100_000), RetryAfter = TimeSpan.FromDays(-1), Issues = null!,
        }));
        var error = (await ExecuteAsync()).Error!;

        Assert.Equal(ErrorCategory.Declined, error.Category);
        Assert.NotEmpty(error.Message);
        Assert.True(error.ProviderCode!.Length < 5000);
        Assert.Null(error.RetryAfter);
        Assert.Empty(error.Issues);
    }

    [Fact]
    public async Task Execute_TypedErrors_AreNoFaults()
    {
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "down" }));
        for (var i = 0; i < 100; i++)
            await ExecuteAsync();

        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(typeof(HttpRequestException))]
    [InlineData(typeof(TaskCanceledException))]
    [InlineData(typeof(TimeoutException))]
    public async Task Execute_ProviderUnreachable_IsUnavailableAndNoReasonForQuarantine(Type exception)
    {
        plugin.Execute = (_, _) => throw (Exception)Activator.CreateInstance(exception)!;
        for (var i = 0; i < 100; i++)
            Assert.Equal(ErrorCategory.Unavailable, (await ExecuteAsync()).Error!.Category);

        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_AfterTooManyFaults_DoesNotReachThePlugin()
    {
        plugin.Execute = (_, _) => throw new InvalidOperationException();
        for (var i = 0; i < 5; i++)
            await ExecuteAsync();

        plugin.Execute = (_, _) => throw new InvalidOperationException("reached");
        var calls = plugin.Calls;
        Assert.Equal(ErrorCategory.Unavailable, (await ExecuteAsync()).Error!.Category);
        Assert.Equal(calls, plugin.Calls);
    }

    [Fact]
    public async Task Execute_CallerGoesAway_IsNoFault()
    {
        plugin.Execute = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return null!;
        };
        for (var i = 0; i < 20; i++)
        {
            using var caller = new CancellationTokenSource();
            var running = ExecuteAsync(caller.Token);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        Assert.False(ledger.IsClosed);
        Assert.Equal(0, ledger.Stuck);
    }

    [Fact]
    public async Task Execute_IgnoresItsToken_IsGivenUpAndCountedUntilItReturns()
    {
        using var release = new SemaphoreSlim(0);
        plugin.Execute = (_, _) =>
        {
            release.Wait(CancellationToken.None);
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        using var caller = new CancellationTokenSource();
        var running = ExecuteAsync(caller.Token);
        await plugin.Entered.WaitAsync();
        await caller.CancelAsync();
        await time.WhenTimerIsDueInAsync(limits.AbandonAfter);
        time.Advance(limits.AbandonAfter);
        await Assert.ThrowsAsync<PluginHungException>(() => running);
        Assert.Equal(1, ledger.Stuck);

        // It holds its place until it is back: with two places, one is left.
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("2")));
        Assert.True((await ExecuteAsync()).Succeeded);
        release.Release();
        await guard.DisposeAsync();
    }

    [Fact]
    public async Task Execute_AllPlacesTaken_WaitsAndIsThenRefusedWithoutReachingThePlugin()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        plugin.Execute = async (_, _) =>
        {
            await release.Task;
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        var first = ExecuteAsync();
        var second = ExecuteAsync();
        var third = ExecuteAsync();
        await time.WhenTimerIsDueInAsync(limits.QueueTime);
        time.Advance(limits.QueueTime);
        var refused = (await third).Error!;
        Assert.Equal(ErrorCategory.Unavailable, refused.Category);
        Assert.False(refused.OutcomeUnknown);

        release.SetResult();
        Assert.True((await first).Succeeded && (await second).Succeeded);
        Assert.Equal(2, plugin.Calls);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_CancellationCallbackThrows_DoesNotReachTheCaller()
    {
        var registered = new SemaphoreSlim(0);
        plugin.Execute = async (_, token) =>
        {
            token.Register(() => throw new InvalidOperationException("on the host's thread, if it were the host's token"));
            registered.Release();
            await Task.Delay(Timeout.Infinite, token);
            return null!;
        };
        using var caller = new CancellationTokenSource();
        var running = ExecuteAsync(caller.Token);
        await registered.WaitAsync();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Execute_RunsOnThePluginsThreads_AlsoAfterWaiting()
    {
        List<string?> names = [];
        plugin.Execute = async (_, _) =>
        {
            names.Add(Thread.CurrentThread.Name);
            await Task.Yield();
            names.Add(Thread.CurrentThread.Name);
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await ExecuteAsync();

        Assert.Equal(["plugin acme", "plugin acme"], names);
        Assert.NotEqual("plugin acme", Thread.CurrentThread.Name);
    }

    [Fact]
    public async Task Execute_CallersFlow_StaysOutOfThePluginAndItsTimers()
    {
        var callers = new AsyncLocal<string?> { Value = "bound to a request" };
        var (ticked, seen) = (new TaskCompletionSource<string?>(), "");
        Timer? timer = null;
        plugin.Execute = async (_, _) =>
        {
            seen = callers.Value;
            timer = new Timer(_ => ticked.TrySetResult(callers.Value), null, 0, Timeout.Infinite);
            await Task.Yield();
            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await ExecuteAsync();

        Assert.Null(seen);
        Assert.Null(await ticked.Task);
        Assert.Equal("bound to a request", callers.Value);
        await timer!.DisposeAsync();
    }

    [Fact]
    public async Task Execute_UnderATrace_BelongsToIt()
    {
        using var trace = new Activity("request").Start();
        ActivityTraceId? seen = null;
        plugin.Execute = (_, _) =>
        {
            seen = Activity.Current?.TraceId;
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        await ExecuteAsync();

        Assert.Equal(trace.TraceId, seen);
        Assert.Same(trace, Activity.Current);
    }

    [Fact]
    public async Task Execute_InterruptsItsThreadAllTheTime_EveryCallEndsAndNothingOfTheHubNoticesIt()
    {
        plugin.Execute = async (_, _) =>
        {
            if (Thread.CurrentThread.Name == "plugin acme")
                Thread.CurrentThread.Interrupt();

            await Task.Yield();
            if (Thread.CurrentThread.Name == "plugin acme")
                Thread.CurrentThread.Interrupt();

            return OperationResult.Success(JsonElement.Parse("1"));
        };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 250; i++)
                Assert.True((await ExecuteAsync()).Succeeded);
        }));

        Assert.Equal(1000, plugin.Calls);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Execute_EveryCallHangs_TakesNoMoreThreadsThanThereArePlaces()
    {
        using var release = new ManualResetEventSlim();
        plugin.Execute = (_, _) =>
        {
            release.Wait(CancellationToken.None);
            return ValueTask.FromResult(OperationResult.Success(JsonElement.Parse("1")));
        };
        using var callers = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 50).Select(_ => ExecuteAsync(callers.Token)).ToList();

        // Two have the places that there are; all others wait without a thread.
        await plugin.Entered.WaitAsync();
        await plugin.Entered.WaitAsync();
        Assert.Equal(2, threads.Count);
        await callers.CancelAsync();
        foreach (var waiting in calls.Skip(2))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        Assert.Equal(2, plugin.Calls);
        Assert.True(threads.Count <= 4, "Two that hang, and two in which they were told to stop.");
        release.Set();
        await Task.WhenAll(calls.Take(2));
    }

    [Fact]
    public async Task Verify_Body_IsNotTheCallersMemory()
    {
        var pooled = Encoding.UTF8.GetBytes("one request");
        ReadOnlyMemory<byte> kept = default;
        plugin.Verify = (request, _) =>
        {
            kept = request.Body;
            return ValueTask.FromResult(VerificationResult.Verified);
        };
        await VerifyAsync(pooled);
        Encoding.UTF8.GetBytes("other's ...", pooled);

        Assert.Equal("one request", Encoding.UTF8.GetString(kept.Span));
    }

    [Fact]
    public async Task Verify_ReturnsWhatNobodySet_IsUndecided()
    {
        plugin.Verify = (_, _) => default;

        Assert.Equal(VerificationFailure.Undecided, (await VerifyAsync()).Failure);
    }

    [Fact]
    public async Task Verify_ThrowsOrReturnsGarbage_IsUndecidedAndNeverAReasonForQuarantine()
    {
        for (var i = 0; i < 50; i++)
        {
            plugin.Verify = (_, _) => i % 2 == 0 ? throw new FormatException("not base64: whsec") : ValueTask.FromResult(new VerificationResult((VerificationFailure)99));
            var result = await VerifyAsync();
            Assert.Equal(VerificationFailure.Undecided, result.Failure);
            Assert.DoesNotContain("whsec", result.Detail, StringComparison.Ordinal);
        }

        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Verify_TooSlow_IsUndecided()
    {
        plugin.Verify = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return default;
        };
        var running = VerifyAsync();
        await plugin.Entered.WaitAsync();
        time.Advance(limits.VerifyTimeout);

        Assert.Equal(VerificationFailure.Undecided, (await running).Failure);
        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public void ForHost_PluginVerifies_SoDoesTheGuard() => Assert.IsAssignableFrom<IWebhookVerifier>(guard.ForHost());

    [Fact]
    public async Task Dispose_Throws_SaysSoWithoutThePluginsExceptionAndForgetsIt()
    {
        plugin.Dispose = () => throw new InvalidOperationException();
        var fault = await Assert.ThrowsAsync<PluginFaultException>(async () => await guard.DisposeAsync());

        Assert.Contains("System.InvalidOperationException", fault.Message, StringComparison.Ordinal);
        Assert.Null(fault.InnerException);
        Assert.Null(guard.Plugin);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ExecuteAsync());
    }

    [Fact]
    public async Task Content_ReadWhole_ArrivesAndIsDisposed()
    {
        var owner = new Owner();
        var content = await ContentAsync(new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 200_000))), 200_000, owner);
        using var copy = new MemoryStream();
        await content.Stream.CopyToAsync(copy);
        await content.DisposeAsync();

        Assert.Equal(200_000, copy.Length);
        Assert.True(owner.Disposed);
        Assert.False(ledger.IsClosed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Content_Disposed_LetsGoOfThePluginsHoweverItIsDone(bool waits)
    {
        var owner = new Owner();
        var content = await ContentAsync(new MemoryStream([1]), null, owner);
        if (waits)
            await content.Stream.DisposeAsync();
        else
#pragma warning disable CA1849, VSTHRD103 // This is what is tested.
            content.Stream.Dispose();
#pragma warning restore CA1849, VSTHRD103

        await owner.Gone.Task;
        Assert.False(content.Stream.CanRead);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await content.Stream.ReadAtLeastAsync(new byte[1], 1));
    }

    [Theory]
    [InlineData("throws", 10L)]
    [InlineData("shorter", 11L)]
    [InlineData("longer", 9L)]
    [InlineData("lies", null)]
    public async Task Content_Broken_FailsAsIoAndCounts(string way, long? length)
    {
        for (var i = 0; i < 5; i++)
        {
            // That it could be handed out proves nothing.
            Assert.False(ledger.IsClosed);
            var content = await ContentAsync(new OddStream(way), length);
            await Assert.ThrowsAsync<IOException>(() => content.Stream.CopyToAsync(Stream.Null));
            await content.DisposeAsync();
        }

        Assert.True(ledger.IsClosed);
    }

    [Fact]
    public async Task Content_ReadWholeInBetween_IsNotInARow()
    {
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                await Assert.ThrowsAsync<IOException>(async () => await (await ContentAsync(new OddStream("throws"), null)).Stream.CopyToAsync(Stream.Null));

            await (await ContentAsync(new MemoryStream([1]), 1)).Stream.CopyToAsync(Stream.Null);
        }

        Assert.False(ledger.IsClosed);
    }

    [Fact]
    public async Task Content_Stalls_FailsAfterTheIdleTime()
    {
        var stream = new OddStream("stalls");
        var content = await ContentAsync(stream, null);
        var reading = content.Stream.ReadAtLeastAsync(new byte[10], 1).AsTask();
        await stream.Reading.WaitAsync();
        time.Advance(limits.ContentIdleTime);

        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task Content_DripsForEver_FailsAfterTheWholeTime()
    {
        var content = await ContentAsync(new OddStream("drips"), null);
        Assert.Equal(1, await content.Stream.ReadAtLeastAsync(new byte[10], 1));
        time.Advance(limits.ContentTime);

        await Assert.ThrowsAsync<IOException>(async () => await content.Stream.ReadAtLeastAsync(new byte[10], 1));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        plugin.Dispose = () => ValueTask.CompletedTask;
        await guard.DisposeAsync();
    }

    private static OperationResult? Make(string what)
    {
        using var document = JsonDocument.Parse("""{ "a": 1 }""");
        var fine = JsonElement.Parse("{}");
        return what switch
        {
            "null" => null,
            "undefined value" => OperationResult.Success(default),
            "value of a disposed document" => OperationResult.Success(document.RootElement),
            "value too long" => OperationResult.Success(JsonSerializer.SerializeToElement(new string('x', 2000))),
            "value too deep" => OperationResult.Success(JsonDocument.Parse(new string('[', 100) + new string(']', 100), new JsonDocumentOptions { MaxDepth = 200 }).RootElement),
            "value with comments" => OperationResult.Success(JsonDocument.Parse("{ /* x */ }", new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }).RootElement),
            "value of invalid UTF-8" => OperationResult.Success(JsonDocument.Parse((byte[])[(byte)'"', 0xFF, 0xFE, (byte)'"']).RootElement),
            "error of no category" => OperationResult.Failure(new ProviderError { Category = (ErrorCategory)77, Message = "x" }),
            "cursor without end" => OperationResult.Success(fine, nextCursor: new string('x', 100_000)),
            "content without stream" => OperationResult.Stream(new OperationContent(null!, "text/plain"), default),
            "content of negative length" => OperationResult.Stream(new OperationContent(new MemoryStream(), "text/plain", -1), default),
            "content of a type with a line break" => OperationResult.Stream(new OperationContent(new MemoryStream(), "text/plain\r\nX-Evil: 1"), default),
            "issues that throw" => OperationResult.Failure(new ProviderError { Category = ErrorCategory.InvalidParams, Message = "x", Issues = new ThrowingList() }),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
    }

    private async Task<OperationContent> ContentAsync(Stream stream, long? length, IDisposable? owner = null)
    {
        plugin.Execute = (_, _) => ValueTask.FromResult(OperationResult.Stream(new OperationContent(stream, "text/plain", length) { Owner = owner }, default));
        return (await ExecuteAsync()).Content!;
    }

    private Task<OperationResult> ExecuteAsync(CancellationToken cancellationToken = default) => guard.ExecuteAsync(
        new OperationRequest { Operation = "run", Parameters = JsonElement.Parse("{}"), CorrelationId = "req_1", Connection = Connection }, cancellationToken).AsTask();

    private Task<VerificationResult> VerifyAsync(ReadOnlyMemory<byte> body = default) => guard.VerifyAsync(
        new WebhookRequest { Method = "POST", Url = "https://hub.example/", Path = "/", Headers = new Dictionary<string, IReadOnlyList<string>>(), Body = body, ReceivedAt = time.GetUtcNow() }, Connection, default).AsTask();

    private static ConnectionContext Connection { get; } =
        new() { Id = "conn_1", Project = "default", Provider = "acme", Environment = "dev", Alias = "default", Config = JsonElement.Parse("{}") };

    private sealed class ScriptedPlugin : IProviderAdapter, IWebhookVerifier
    {
        public Func<OperationRequest, CancellationToken, ValueTask<OperationResult>> Execute { get; set; } = (_, _) => throw new NotSupportedException();

        public Func<WebhookRequest, CancellationToken, ValueTask<VerificationResult>> Verify { get; set; } = (_, _) => throw new NotSupportedException();

        public Func<ValueTask> Dispose { get; set; } = () => ValueTask.CompletedTask;

        public SemaphoreSlim Entered { get; } = new(0);

        public int Calls;

        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref Calls);
            Entered.Release();
            return Execute(request, cancellationToken);
        }

        public ValueTask<VerificationResult> VerifyAsync(WebhookRequest request, ConnectionContext connection, CancellationToken cancellationToken)
        {
            Entered.Release();
            return Verify(request, cancellationToken);
        }

        public ValueTask DisposeAsync() => Dispose();
    }

    private sealed class Owner : IDisposable
    {
        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Disposed => Gone.Task.IsCompleted;

        public void Dispose() => Gone.TrySetResult();
    }

    private sealed class ThrowingList : IReadOnlyList<IntegrationHub.Schemas.ValidationIssue>
    {
        public int Count => 1;

        public IntegrationHub.Schemas.ValidationIssue this[int index] => throw new InvalidOperationException();

        public IEnumerator<IntegrationHub.Schemas.ValidationIssue> GetEnumerator() => throw new InvalidOperationException();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Ten bytes, read in some odd way.</summary>
    private sealed class OddStream(string way) : MemoryStream(new byte[10])
    {
        public SemaphoreSlim Reading { get; } = new(0);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reading.Release();
            switch (way)
            {
                case "throws":
                    throw new InvalidOperationException();
                case "lies":
                    return buffer.Length + 1;
                case "drips":
                    return 1;
                case "stalls":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    return 0;
                default:
                    return await base.ReadAsync(buffer, cancellationToken);
            }
        }
    }
}
