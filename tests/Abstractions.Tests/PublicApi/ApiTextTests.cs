namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>The renderer tells apart what compilers and the runtime tell apart.</summary>
public sealed class ApiTextTests
{
    [Fact]
    public void Render_Sample_IsReadableAndComplete() => Assert.Equal(
        """
        # Sample 1.0

        public sealed record IntegrationHub.Abstractions.Tests.PublicApi.Sample.Answer
            public Answer(string Text, int? Count = null)
            public int? Count { get; init; }
            public required IReadOnlyDictionary<string, string?> Notes { get; init; }
            public string Text { get; init; }

        public abstract class IntegrationHub.Abstractions.Tests.PublicApi.Sample.Machine<T> : IAsyncDisposable where T : class, IDisposable
            public const string Name = "machine"
            protected static readonly string Shared
            protected Machine(T part)
            public string this[int index] { get; }
            public T? Part { get; protected set; }
            public event EventHandler? Turned
            public virtual ValueTask DisposeAsync()
            [Obsolete] public void Old()
            protected abstract bool TryTurn(ref int by, out string? why)
            public static Sample.Machine<T> operator Addition(Sample.Machine<T> left, int right)

        public interface IntegrationHub.Abstractions.Tests.PublicApi.Sample.Maker<out T>
            virtual int Rank { get; }
            Task<List<string?>?> ListAsync(CancellationToken cancellationToken = default)
            T Make(params string[] parts)

        [Flags] public enum IntegrationHub.Abstractions.Tests.PublicApi.Sample.Marks : byte
            None = 0
            One = 1

        public readonly struct IntegrationHub.Abstractions.Tests.PublicApi.Sample.Point

        public delegate string? IntegrationHub.Abstractions.Tests.PublicApi.Sample.Saying(object? about)

        """.ReplaceLineEndings("\n"),
        ApiText.Render("Sample 1.0", typeof(Sample).GetNestedTypes()));

    [Fact]
    public void Between_SameText_IsEmpty() => Assert.True(ApiChanges.Between("# A 1.0\n\npublic class A\n    int B\n", "# A 1.0\r\n\r\npublic class A\r\n    int B\r\n").IsEmpty);

    [Fact]
    public void Explain_LineAdded_AsksForAMinor()
    {
        var changes = ApiChanges.Between("public class A\n    int B", "public class A\n    int B\n    int C");

        Assert.Equal(["public class A > int C"], changes.Added);
        Assert.Contains("MINOR", changes.Explain("x"), StringComparison.Ordinal);
        Assert.DoesNotContain("MAJOR", changes.Explain("x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public class A\n    int B", "public class A")]
    [InlineData("public class A\n    int B", "public class A\n    int? B")]
    [InlineData("public class A\n    int B", "public sealed class A\n    int B")]
    [InlineData("public interface A\n    int B", "public interface A\n    int B\n    int C")]
    public void Explain_RemovedChangedOrDemanded_AsksForAMajor(string before, string after)
    {
        var explained = ApiChanges.Between(before, after).Explain("x");

        Assert.Contains("MAJOR", explained, StringComparison.Ordinal);
        Assert.DoesNotContain("MINOR", explained, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public interface A\n    int B", "public interface A\n    int B\n    virtual int C")]
    [InlineData("public class A", "public class A\n\npublic interface B\n    int C")]
    public void Explain_InterfaceThatBreaksNobody_AsksForAMinor(string before, string after) =>
        Assert.Contains("MINOR", ApiChanges.Between(before, after).Explain("x"), StringComparison.Ordinal);
}
