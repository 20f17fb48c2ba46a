#pragma warning disable CA1034, CA1051, CA1711, CA1715, CA1720, CA1028, CA1815, CA1819, CA1716, CA1003, CA1045, CA1021, CA2217, CA1822, CA1000, CA2225, CA1068, CA1725, CA1816, CS0067, CA1052 // shapes that this project does not use, to see that they are rendered

namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>One of everything.</summary>
public class Sample
{
    [Flags]
    public enum Marks : byte
    {
        None = 0,
        One = 1,
    }

    public delegate string? Saying(object? about);

    public interface Maker<out T>
    {
        int Rank => 1;

        T Make(params string[] parts);

        Task<List<string?>?> ListAsync(CancellationToken cancellationToken = default);
    }

    public readonly struct Point;

    public sealed record Answer(string Text, int? Count = null)
    {
        public required IReadOnlyDictionary<string, string?> Notes { get; init; }
    }

    public abstract class Machine<T>(T part) : IAsyncDisposable
        where T : class, IDisposable
    {
        public const string Name = "machine";
        protected static readonly string Shared = "";

        public event EventHandler? Turned;

        public T? Part { get; protected set; } = part;

        public string this[int index] => index.ToString(System.Globalization.CultureInfo.InvariantCulture);

        public static Machine<T> operator +(Machine<T> left, int right) => left;

        [Obsolete("x")]
        public void Old() => Turned?.Invoke(this, EventArgs.Empty);

        public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected abstract bool TryTurn(ref int by, out string? why);

        internal void Hidden() => Turned?.Invoke(this, EventArgs.Empty);
    }
}
