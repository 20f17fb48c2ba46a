using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Plugins;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>What an operation may do, and what becomes of it.</summary>
public sealed class GuardedExecuteTests : GuardedPlugin
{
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
    public async Task Dispose_Throws_SaysSoWithoutThePluginsExceptionAndForgetsIt()
    {
        plugin.Dispose = () => throw new InvalidOperationException();
        var fault = await Assert.ThrowsAsync<PluginFaultException>(async () => await guard.DisposeAsync());

        Assert.Contains("System.InvalidOperationException", fault.Message, StringComparison.Ordinal);
        Assert.Null(fault.InnerException);
        Assert.Null(guard.Plugin);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ExecuteAsync());
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

    private sealed class ThrowingList : IReadOnlyList<IntegrationHub.Schemas.ValidationIssue>
    {
        public int Count => 1;

        public IntegrationHub.Schemas.ValidationIssue this[int index] => throw new InvalidOperationException();

        public IEnumerator<IntegrationHub.Schemas.ValidationIssue> GetEnumerator() => throw new InvalidOperationException();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
