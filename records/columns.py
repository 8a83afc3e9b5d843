"""What the tables of a case are made of."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def identity() -> sa.Column[int]:
    """The number of a row, given by us."""
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)


def reference(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    """The number of a row of another table."""
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{target}.id"), nullable=nullable, index=True)


def text(name: str, *, nullable: bool = False, index: bool = False) -> sa.Column[str]:
    """Text."""
    return sa.Column(name, sa.Text, nullable=nullable, index=index)


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """A whole number of any size."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)
