namespace WrongType;

/// <summary>Looks like an adapter and implements nothing.</summary>
public sealed class Adapter
{
    public string Name { get; } = "wrong";
}
